# SPDX-FileCopyrightText: 2026 The Gatehouse Authors
# SPDX-License-Identifier: Apache-2.0

# Who is asking? Copy this file into your app (Ruby 3.0 or newer, no gems):
#
#     require_relative 'verify'
#     GATEHOUSE = Gatehouse::Verifier.new(
#       jwks: 'https://login.example.com/.well-known/jwks.json', # the portal's keys
#       issuer: 'https://login.example.com',                     # the portal
#       audience: 'wiki',                                        # this app's name at the gate
#     )
#
#     before_action do # Rails
#       @user = GATEHOUSE.verify(request.headers['X-Gatehouse-Jwt'].to_s)
#     rescue Gatehouse::Refused
#       head :unauthorized
#     end
#
# user['sub'] is the person, for ever; user['preferred_username'] what they are called.

require 'json'
require 'net/http'
require 'openssl'

module Gatehouse
  class Refused < StandardError; end

  class Verifier
    # Keys older than this are fetched again, and older than that not trusted (seconds).
    FRESH = 600
    OLD = 3600

    # floor: least time between two fetches, so that invented kids cannot hammer the portal (seconds).
    def initialize(jwks:, issuer:, audience:, floor: 60)
      @jwks, @issuer, @audience, @floor = URI(jwks), issuer, audience, floor
      @keys, @fetched, @tried = {}, -Float::INFINITY, -Float::INFINITY
      @lock = Mutex.new
    end

    # Returns the claims of a good assertion, and raises Refused for anything else.
    def verify(token)
      parts = token.split('.', -1)
      raise Refused, 'not a token' unless token.bytesize <= 16_384 && parts.size == 3

      header, claims, signature = parts.map { |part| decode(part) }
      header = object(header)
      # Another typ is another kind of token; crit asks for what is unknown here.
      unless header['typ'] == 'JWT' && !header.key?('crit') && header['kid'].is_a?(String)
        raise Refused, 'header is not that of an assertion'
      end

      key = key(header['kid'])
      raise Refused, 'algorithm is not that of the key' unless key['alg'].is_a?(String) && key['alg'] == header['alg']
      raise Refused, 'signature is wrong' unless signed?(key, "#{parts[0]}.#{parts[1]}", signature)

      check(object(claims))
    rescue Refused
      raise
    rescue StandardError # whatever cannot be read is refused
      raise Refused, 'not a token'
    end

    private

    def check(claims)
      now = Time.now.to_i
      raise Refused, 'issuer is another' unless claims['iss'] == @issuer
      raise Refused, 'meant for another app' unless claims['aud'] == @audience
      raise Refused, 'expired' unless claims['exp'].is_a?(Integer) && claims['exp'] > now
      raise Refused, 'not valid yet' unless claims['nbf'].is_a?(Integer) && claims['nbf'] <= now
      raise Refused, 'names nobody' unless claims['sub'].is_a?(String) && !claims['sub'].empty?

      claims
    end

    # The key of that name; the keys are fetched when it is new or they are old.
    def key(kid)
      @lock.synchronize do
        now = Process.clock_gettime(Process::CLOCK_MONOTONIC)
        due = !@keys.key?(kid) || now - @fetched > FRESH
        if due && now - @tried >= @floor
          @tried = now
          fetch(now)
        end
        raise Refused, 'the keys cannot be fetched' if now - @fetched > OLD

        @keys.fetch(kid) { raise Refused, 'key is unknown' }
      end
    end

    def fetch(now)
      options = { use_ssl: @jwks.scheme == 'https', open_timeout: 5, read_timeout: 5 }
      answer = Net::HTTP.start(@jwks.host, @jwks.port, **options) { |http| http.get(@jwks.request_uri) }
      return unless answer.is_a?(Net::HTTPOK) # a redirect is not followed

      @keys = JSON.parse(answer.body).fetch('keys').to_h { |key| [key.fetch('kid'), key] }
      @fetched = now
    rescue StandardError
      # the keys that are known serve until they are old
    end

    def signed?(key, text, signature)
      case key['alg']
      when 'ES256' # RFC 7518 section 3.4: r and s, 32 bytes each; openssl wants them in DER
        return false unless signature.bytesize == 64

        numbers = [signature[0, 32], signature[32, 32]].map { |bytes| integer(bytes) }
        point = OpenSSL::ASN1::BitString("\x04".b + member(key, 'x', 32) + member(key, 'y', 32))
        kind = %w[id-ecPublicKey prime256v1].map { |name| OpenSSL::ASN1::ObjectId(name) }
        public_key(kind, point).verify('SHA256', sequence(numbers), text)
      when 'RS256'
        numbers = sequence([integer(decode(key['n'])), integer(decode(key['e']))])
        kind = [OpenSSL::ASN1::ObjectId('rsaEncryption'), OpenSSL::ASN1::Null(nil)]
        public_key(kind, OpenSSL::ASN1::BitString(numbers)).verify('SHA256', signature, text)
      when 'EdDSA' # RFC 8037, Ed25519
        point = OpenSSL::ASN1::BitString(member(key, 'x', 32))
        public_key([OpenSSL::ASN1::ObjectId('ED25519')], point).verify(nil, signature, text)
      else
        false
      end
    end

    # A public key as openssl reads it: the kind of key, and its numbers (RFC 5280 section 4.1).
    def public_key(kind, numbers)
      OpenSSL::PKey.read(OpenSSL::ASN1::Sequence([OpenSSL::ASN1::Sequence(kind), numbers]).to_der)
    end

    def sequence(parts) = OpenSSL::ASN1::Sequence(parts).to_der

    def integer(bytes) = OpenSSL::ASN1::Integer(OpenSSL::BN.new(bytes, 2))

    def member(key, name, size)
      bytes = decode(key[name])
      bytes.bytesize == size ? bytes : raise(Refused, 'key cannot be read')
    end

    def object(text)
      value = JSON.parse(text)
      value.is_a?(Hash) ? value : raise(Refused, 'not a token')
    end

    # Only the one text that encoding would give is accepted.
    def decode(text)
      bytes = (text.tr('-_', '+/') + '=' * (-text.length % 4)).unpack1('m0')
      [bytes].pack('m0').tr('+/', '-_').delete('=') == text ? bytes : raise(Refused, 'not base64url')
    end
  end
end

# As a command, to try it: one token a line on standard input.
if $PROGRAM_NAME == __FILE__
  options = ARGV.each_slice(2).to_h { |name, value| [name.delete_prefix('--').to_sym, value] }
  options[:floor] = options[:floor].to_i if options[:floor]
  verifier = Gatehouse::Verifier.new(**options)
  $stdout.sync = true
  $stdin.binmode.each_line(chomp: true) do |line|
    user = verifier.verify(line)
    puts "ok #{user['sub']} #{user['preferred_username']}"
  rescue Gatehouse::Refused => e
    puts "refused: #{e.message}"
  end
end
