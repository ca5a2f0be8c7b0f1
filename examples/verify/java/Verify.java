// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

import java.math.BigInteger;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.ECParameterSpec;
import java.security.spec.ECPoint;
import java.security.spec.ECPublicKeySpec;
import java.security.spec.RSAPublicKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Who is asking? Copy this file into your app (Java 17 or newer, no libraries):
 *
 * <pre>{@code
 * static final Verify GATEHOUSE = new Verify(
 *     "https://login.example.com/.well-known/jwks.json", // the portal's keys
 *     "https://login.example.com",                       // the portal
 *     "wiki",                                            // this app's name at the gate
 *     Duration.ofMinutes(1));
 *
 * String token = request.getHeader("X-Gatehouse-Jwt");   // in a servlet filter
 * try {
 *     request.setAttribute("user", GATEHOUSE.verify(token == null ? "" : token));
 * } catch (Verify.Refused e) {
 *     response.sendError(401);
 *     return;
 * }
 * }</pre>
 *
 * {@code sub} of the claims is the person, for ever; {@code preferred_username} what they are called.
 */
public final class Verify {
    /** Anything but a good assertion. */
    public static final class Refused extends Exception {
        Refused(String why) {
            super(why);
        }
    }

    /** Keys older than this are fetched again, and older than that not trusted. */
    private static final Duration FRESH = Duration.ofMinutes(10), OLD = Duration.ofHours(1);

    private final URI jwks;
    private final String issuer;
    private final String audience;
    private final Duration floor;
    private final HttpClient http = HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build(); // follows no redirect
    private Map<String, Map<String, Object>> keys = new HashMap<>();
    private Long fetched;
    private Long tried;

    /** @param floor least time between two fetches, so that invented kids cannot hammer the portal */
    public Verify(String jwks, String issuer, String audience, Duration floor) {
        this.jwks = URI.create(jwks);
        this.issuer = issuer;
        this.audience = audience;
        this.floor = floor;
    }

    /** Returns the claims of a good assertion. */
    public Map<String, Object> verify(String token) throws Refused {
        try {
            String[] parts = token.split("\\.", -1);
            require(token.length() <= 16384 && parts.length == 3, "not a token");
            Map<String, Object> header = object(decode(parts[0]));
            // Another typ is another kind of token; crit asks for what is unknown here.
            require("JWT".equals(header.get("typ")) && !header.containsKey("crit") && header.get("kid") instanceof String,
                "header is not that of an assertion");
            Map<String, Object> key = key((String) header.get("kid"));
            require(key.get("alg") instanceof String && key.get("alg").equals(header.get("alg")), "algorithm is not that of the key");
            require(signed(key, (parts[0] + "." + parts[1]).getBytes(StandardCharsets.US_ASCII), decode(parts[2])), "signature is wrong");
            return check(object(decode(parts[1])));
        } catch (RuntimeException e) { // whatever cannot be read is refused
            throw new Refused("not a token");
        }
    }

    private Map<String, Object> check(Map<String, Object> claims) throws Refused {
        long now = System.currentTimeMillis() / 1000;
        require(issuer.equals(claims.get("iss")), "issuer is another");
        require(audience.equals(claims.get("aud")), "meant for another app");
        require(claims.get("exp") instanceof Long exp && exp > now, "expired");
        require(claims.get("nbf") instanceof Long nbf && nbf <= now, "not valid yet");
        require(claims.get("sub") instanceof String sub && !sub.isEmpty(), "names nobody");
        return claims;
    }

    /** The key of that name; the keys are fetched when it is new or they are old. */
    private synchronized Map<String, Object> key(String kid) throws Refused {
        long now = System.nanoTime();
        boolean due = !keys.containsKey(kid) || older(fetched, FRESH, now);
        if (due && (tried == null || older(tried, floor, now))) {
            tried = now;
            fetch(now);
        }
        require(!older(fetched, OLD, now), "the keys cannot be fetched");
        Map<String, Object> key = keys.get(kid);
        require(key != null, "key is unknown");
        return key;
    }

    private static boolean older(Long then, Duration limit, long now) {
        return then == null || now - then >= limit.toNanos();
    }

    private void fetch(long now) {
        try {
            HttpRequest request = HttpRequest.newBuilder(jwks).timeout(Duration.ofSeconds(5)).build();
            HttpResponse<byte[]> answer = http.send(request, HttpResponse.BodyHandlers.ofByteArray());
            if (answer.statusCode() != 200) {
                return;
            }
            Map<String, Map<String, Object>> found = new HashMap<>();
            for (Object one : (List<?>) object(answer.body()).get("keys")) {
                @SuppressWarnings("unchecked")
                Map<String, Object> key = (Map<String, Object>) one;
                found.put((String) key.get("kid"), key);
            }
            keys = found;
            fetched = now;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (Exception e) {
            // the keys that are known serve until they are old
        }
    }

    private static boolean signed(Map<String, Object> key, byte[] text, byte[] signature) throws Refused {
        try {
            Signature verifier;
            switch ((String) key.get("alg")) {
                case "ES256": // RFC 7518 section 3.4: r and s, 32 bytes each
                    verifier = Signature.getInstance("SHA256withECDSAinP1363Format");
                    break;
                case "RS256":
                    verifier = Signature.getInstance("SHA256withRSA");
                    break;
                case "EdDSA":
                    verifier = Signature.getInstance("Ed25519");
                    break;
                default:
                    return false;
            }
            verifier.initVerify(publicKey(key));
            verifier.update(text);
            return verifier.verify(signature);
        } catch (GeneralSecurityException e) {
            return false;
        }
    }

    private static PublicKey publicKey(Map<String, Object> key) throws GeneralSecurityException, Refused {
        switch ((String) key.get("alg")) {
            case "ES256":
                AlgorithmParameters curve = AlgorithmParameters.getInstance("EC");
                curve.init(new ECGenParameterSpec("secp256r1"));
                ECPoint point = new ECPoint(number(key, "x"), number(key, "y"));
                return KeyFactory.getInstance("EC").generatePublic(new ECPublicKeySpec(point, curve.getParameterSpec(ECParameterSpec.class)));
            case "RS256":
                return KeyFactory.getInstance("RSA").generatePublic(new RSAPublicKeySpec(number(key, "n"), number(key, "e")));
            default: // Ed25519, RFC 8410 section 4: what stands before the 32 bytes
                byte[] x = decode((String) key.get("x"));
                byte[] der = HexFormat.of().parseHex("302a300506032b6570032100" + HexFormat.of().formatHex(x));
                return KeyFactory.getInstance("Ed25519").generatePublic(new X509EncodedKeySpec(der));
        }
    }

    private static BigInteger number(Map<String, Object> key, String name) throws Refused {
        return new BigInteger(1, decode((String) key.get(name)));
    }

    /** Only the one text that encoding would give is accepted. */
    private static byte[] decode(String text) throws Refused {
        byte[] bytes = Base64.getUrlDecoder().decode(text);
        require(Base64.getUrlEncoder().withoutPadding().encodeToString(bytes).equals(text), "not base64url");
        return bytes;
    }

    private static void require(boolean holds, String why) throws Refused {
        if (!holds) {
            throw new Refused(why);
        }
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> object(byte[] text) throws Refused {
        Object value = new Json(new String(text, StandardCharsets.UTF_8)).document();
        require(value instanceof Map, "not a token");
        return (Map<String, Object>) value;
    }

    /**
     * JSON (RFC 8259), for a class library that reads none: objects are maps, whole numbers Long. A mistake throws an
     * IllegalArgumentException. An app with a JSON library uses that.
     */
    private static final class Json {
        private static final int DEEPEST = 32;
        private final String text;
        private int at;

        Json(String text) {
            this.text = text;
        }

        Object document() {
            Object value = value(0);
            space();
            expect(at == text.length());
            return value;
        }

        private Object value(int depth) {
            expect(depth < DEEPEST);
            space();
            switch (peek()) {
                case '{':
                    return object(depth);
                case '[':
                    return list(depth);
                case '"':
                    return string();
                default:
                    return word();
            }
        }

        private Map<String, Object> object(int depth) {
            Map<String, Object> members = new LinkedHashMap<>();
            at++;
            for (space(); peek() != '}'; space()) {
                if (!members.isEmpty()) {
                    take(',');
                    space();
                }
                String name = string();
                space();
                take(':');
                expect(!members.containsKey(name)); // which of the two would count?
                members.put(name, value(depth + 1));
            }
            at++;
            return members;
        }

        private List<Object> list(int depth) {
            List<Object> values = new ArrayList<>();
            at++;
            for (space(); peek() != ']'; space()) {
                if (!values.isEmpty()) {
                    take(',');
                }
                values.add(value(depth + 1));
            }
            at++;
            return values;
        }

        private String string() {
            take('"');
            StringBuilder out = new StringBuilder();
            for (char c = next(); c != '"'; c = next()) {
                expect(c >= ' ');
                out.append(c == '\\' ? escaped() : c);
            }
            return out.toString();
        }

        private char escaped() {
            char c = next();
            if (c == 'u') {
                at += 4;
                expect(at <= text.length());
                return (char) HexFormat.fromHexDigits(text, at - 4, at);
            }
            int which = "\"\\/bfnrt".indexOf(c);
            expect(which >= 0);
            return "\"\\/\b\f\n\r\t".charAt(which);
        }

        private Object word() {
            int from = at;
            while (at < text.length() && ",]} \t\r\n".indexOf(text.charAt(at)) < 0) {
                at++;
            }
            String word = text.substring(from, at);
            switch (word) {
                case "true":
                    return true;
                case "false":
                    return false;
                case "null":
                    return null;
                default:
                    expect(word.matches("-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][-+]?[0-9]+)?"));
                    return word.matches("-?[0-9]{1,18}") ? (Object) Long.valueOf(word) : (Object) Double.valueOf(word);
            }
        }

        private void space() {
            while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) {
                at++;
            }
        }

        private char peek() {
            expect(at < text.length());
            return text.charAt(at);
        }

        private char next() {
            char c = peek();
            at++;
            return c;
        }

        private void take(char wanted) {
            expect(next() == wanted);
        }

        private static void expect(boolean holds) {
            if (!holds) {
                throw new IllegalArgumentException();
            }
        }
    }

    /** As a command, to try it: one token a line on standard input. */
    public static void main(String[] arguments) throws Exception {
        Map<String, String> options = new HashMap<>(Map.of("--floor", "60"));
        for (int i = 0; i + 1 < arguments.length; i += 2) {
            options.put(arguments[i], arguments[i + 1]);
        }
        Verify verifier = new Verify(options.get("--jwks"), options.get("--issuer"), options.get("--audience"),
            Duration.ofSeconds(Long.parseLong(options.get("--floor"))));
        var lines = new java.io.BufferedReader(new java.io.InputStreamReader(System.in, StandardCharsets.UTF_8));
        var out = new java.io.PrintStream(System.out, true, StandardCharsets.UTF_8);
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            try {
                Map<String, Object> user = verifier.verify(line);
                out.println("ok " + user.get("sub") + " " + user.getOrDefault("preferred_username", ""));
            } catch (Refused why) {
                out.println("refused: " + why.getMessage());
            }
        }
    }
}
