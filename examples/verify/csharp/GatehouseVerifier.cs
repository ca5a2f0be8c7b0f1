// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

// Who is asking? Copy this file into your app (.NET 8 or newer, no packages). ASP.NET Core's own JwtBearer does the same:
// docs/apps/aspnet.md. This is for everything else.
//
//     static readonly GatehouseVerifier Gatehouse = new(
//         new Uri("https://login.example.com/.well-known/jwks.json"), // the portal's keys
//         "https://login.example.com",                                // the portal
//         "wiki");                                                    // this app's name at the gate
//
//     app.Use(async (context, next) =>
//     {
//         try
//         {
//             context.Items["user"] = await Gatehouse.VerifyAsync(context.Request.Headers["X-Gatehouse-Jwt"].ToString());
//         }
//         catch (GatehouseRefusedException)
//         {
//             context.Response.StatusCode = 401;
//             return;
//         }
//         await next();
//     });
//
// "sub" of the claims is the person, for ever; "preferred_username" what they are called.

#nullable enable

using System;
using System.Collections.Generic;
using System.Net.Http;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;

/// <summary>Anything but a good assertion.</summary>
public sealed class GatehouseRefusedException(string why) : Exception(why);

/// <param name="floor">Least time between two fetches, so that invented kids cannot hammer the portal; a minute if not given.</param>
public sealed class GatehouseVerifier(Uri jwks, string issuer, string audience, TimeSpan? floor = null)
{
    // Keys older than this are fetched again, and older than that not trusted.
    private static readonly TimeSpan Fresh = TimeSpan.FromMinutes(10), Old = TimeSpan.FromHours(1);

    private readonly HttpClient http = new(new SocketsHttpHandler { AllowAutoRedirect = false })
    {
        Timeout = TimeSpan.FromSeconds(5),
        MaxResponseContentBufferSize = 1 << 20,
    };
    private readonly TimeSpan floor = floor ?? TimeSpan.FromMinutes(1);
    private readonly SemaphoreSlim turn = new(1);
    private Dictionary<string, JsonElement> keys = [];
    private long? fetched, tried; // on the clock that nobody sets

    /// <summary>Returns the claims of a good assertion.</summary>
    public async Task<JsonElement> VerifyAsync(string token)
    {
        try
        {
            var parts = token.Split('.');
            Require(token.Length <= 16384 && parts.Length == 3, "not a token");
            var header = Parse(Decode(parts[0]));
            // Another typ is another kind of token; crit asks for what is unknown here.
            Require(Text(header, "typ") == "JWT" && !header.TryGetProperty("crit", out _) && Text(header, "kid") != null,
                "header is not that of an assertion");
            var key = await KeyAsync(Text(header, "kid")!);
            var alg = Text(key, "alg");
            Require(alg != null && alg == Text(header, "alg"), "algorithm is not that of the key");
            Require(Signed(alg!, key, Encoding.ASCII.GetBytes(parts[0] + "." + parts[1]), Decode(parts[2])), "signature is wrong");
            return Check(Parse(Decode(parts[1])));
        }
        catch (Exception e) when (e is not GatehouseRefusedException) // whatever cannot be read is refused
        {
            throw new GatehouseRefusedException("not a token");
        }
    }

    private JsonElement Check(JsonElement claims)
    {
        var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        Require(Text(claims, "iss") == issuer, "issuer is another");
        Require(Text(claims, "aud") == audience, "meant for another app");
        Require(Number(claims, "exp") is long exp && exp > now, "expired");
        Require(Number(claims, "nbf") is long nbf && nbf <= now, "not valid yet");
        Require(!string.IsNullOrEmpty(Text(claims, "sub")), "names nobody");
        return claims;
    }

    // The key of that name; the keys are fetched when it is new or they are old.
    private async Task<JsonElement> KeyAsync(string kid)
    {
        await turn.WaitAsync();
        try
        {
            var now = Environment.TickCount64;
            var due = !keys.ContainsKey(kid) || Older(fetched, Fresh, now);
            if (due && Older(tried, floor, now))
            {
                tried = now;
                await FetchAsync(now);
            }
            Require(!Older(fetched, Old, now), "the keys cannot be fetched");
            Require(keys.TryGetValue(kid, out var key), "key is unknown");
            return key;
        }
        finally
        {
            turn.Release();
        }
    }

    private static bool Older(long? then, TimeSpan limit, long now) => then == null || now - then >= (long)limit.TotalMilliseconds;

    private async Task FetchAsync(long now)
    {
        try
        {
            using var answer = await http.GetAsync(jwks);
            answer.EnsureSuccessStatusCode();
            var found = new Dictionary<string, JsonElement>();
            foreach (var key in Parse(await answer.Content.ReadAsByteArrayAsync()).GetProperty("keys").EnumerateArray())
            {
                found[key.GetProperty("kid").GetString()!] = key;
            }
            keys = found;
            fetched = now;
        }
        catch (Exception)
        {
            // the keys that are known serve until they are old
        }
    }

    private static bool Signed(string alg, JsonElement key, byte[] text, byte[] signature)
    {
        byte[] Member(string name) => Decode(Text(key, name)!);
        switch (alg)
        {
            case "ES256": // RFC 7518 section 3.4: r and s, 32 bytes each
                using (var ec = ECDsa.Create(new ECParameters
                {
                    Curve = ECCurve.NamedCurves.nistP256,
                    Q = new ECPoint { X = Member("x"), Y = Member("y") },
                }))
                {
                    return signature.Length == 64
                        && ec.VerifyData(text, signature, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
                }
            case "RS256":
                using (var rsa = RSA.Create(new RSAParameters { Modulus = Member("n"), Exponent = Member("e") }))
                {
                    return rsa.VerifyData(text, signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
                }
            default: // .NET has no Ed25519
                return false;
        }
    }

    private static JsonElement Parse(byte[] json)
    {
        using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 32 });
        Require(document.RootElement.ValueKind == JsonValueKind.Object, "not a token");
        return document.RootElement.Clone();
    }

    private static string? Text(JsonElement of, string name) =>
        of.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static long? Number(JsonElement of, string name) =>
        of.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var whole) ? whole : null;

    // Only the one text that encoding would give is accepted.
    private static byte[] Decode(string text)
    {
        var bytes = Convert.FromBase64String(text.Replace('-', '+').Replace('_', '/') + new string('=', (4 - text.Length % 4) % 4));
        Require(Convert.ToBase64String(bytes).TrimEnd('=').Replace('+', '-').Replace('/', '_') == text, "not base64url");
        return bytes;
    }

    private static void Require(bool holds, string why)
    {
        if (!holds)
        {
            throw new GatehouseRefusedException(why);
        }
    }
}
