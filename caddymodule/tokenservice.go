// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"cmp"
	"crypto/tls"
	"errors"
	"fmt"

	"github.com/caddyserver/caddy/v2"
	"go.uber.org/zap"

	"github.com/gatehouse-sso/gatehouse/internal/tokenservice"
	"github.com/gatehouse-sso/gatehouse/tokens"
)

// TokenService is one listener of the token service, which keeps sessions and one-time
// links for other programs over gRPC: it speaks the protocol of CRUDJT, so that its
// clients work unchanged. It needs no portal and no gate, and reaches no session of a
// browser. Connections, and calls on their way, stay through a reload.
type TokenService struct {
	// Where it listens: `127.0.0.1:50051`, or a socket such as
	// `unix//run/gatehouse/tokens.sock|0660`, whose mode is `0200` unless it is
	// written. An address that others than this machine may reach needs a certificate,
	// or `insecure`.
	Listen string `json:"listen"`

	// Whose tokens are served. Those of other namespaces do not exist here. Required
	// where there are several listeners; two that are for the same tokens name
	// the same. 1 to 24 lower-case letters, digits, `-` and `_`. Default: `default`.
	Namespace string `json:"namespace,omitempty"`

	// How many tokens the namespace may hold before another one is refused with
	// RESOURCE_EXHAUSTED. Default: any number.
	Quota int `json:"quota,omitempty"`

	// How many bytes of data a token may have, 256 to 16777216. Default: 65536.
	MaxPayload int64 `json:"max_payload,omitempty"`

	// What each call must bring, in the metadata `authorization`: `Bearer` and this.
	// A placeholder such as `{env.TOKEN_SECRET}` keeps it out of the configuration.
	// Default: nothing; not every client can send it.
	Secret string `json:"secret,omitempty"`

	// The files with a certificate and its key, in PEM, for TLS. They are read when the
	// configuration is loaded: `caddy reload --force` takes over new ones. Default: no
	// TLS.
	Certificate string `json:"certificate,omitempty"`
	Key         string `json:"key,omitempty"`

	// The users of this machine, by number, whose processes may connect to a unix
	// socket. Linux only. Default: whoever the mode of the socket lets in.
	PeerUIDs []uint32 `json:"peer_uids,omitempty"`

	// Allows an address that others may reach without TLS: they can then read and change
	// every token, and listen to the data. Default: false.
	Insecure bool `json:"insecure,omitempty"`

	// Where these settings are written, such as `Caddyfile:2`. Errors name it; nothing
	// else comes of it. The Caddyfile adapter fills it in.
	Source string `json:"source,omitempty"`
}

const (
	defaultNamespace = "default"
	minPayload       = 256
	maxPayload       = 16 << 20
	// shortSecret is what somebody might guess, in bytes.
	shortSecret = 16
)

// provision replaces placeholders and fills in defaults.
func (s *TokenService) provision(logger *zap.Logger) (err error) {
	for _, text := range []*string{&s.Listen, &s.Secret, &s.Certificate, &s.Key} {
		if *text, err = expand(*text); err != nil {
			return s.wrap(err)
		}
	}
	s.MaxPayload = cmp.Or(s.MaxPayload, tokens.DefaultMaxData)
	if s.Secret != "" && len(s.Secret) < shortSecret {
		logger.Warn("the secret of a token service is short: `openssl rand -base64 24` makes a better one",
			zap.String("listen", s.Listen), zap.Int("bytes", len(s.Secret)))
	}
	return nil
}

// validate checks one listener by itself.
func (s *TokenService) validate() error {
	if err := cmp.Or(s.checkNumbers(), s.checkTLS(), s.checkListen()); err != nil {
		return s.wrap(err)
	}
	return nil
}

func (s *TokenService) checkNumbers() error {
	if s.Namespace != "" {
		if err := tokens.CheckNamespace(s.Namespace); err != nil {
			return fmt.Errorf("namespace: %w", err)
		}
	}
	if s.Quota < 0 {
		return fmt.Errorf("quota: %d is not a number of tokens", s.Quota)
	}
	if s.MaxPayload != 0 && (s.MaxPayload < minPayload || s.MaxPayload > maxPayload) {
		return fmt.Errorf("max_payload: %d is not between %d and %d bytes", s.MaxPayload, minPayload, maxPayload)
	}
	return nil
}

func (s *TokenService) checkTLS() error {
	switch {
	case (s.Certificate == "") != (s.Key == ""):
		return errors.New("tls: it takes both, the file of the certificate and that of its key")
	case s.Certificate != "" && s.Insecure:
		return errors.New("it has a certificate and is insecure: keep one of the two")
	}
	return nil
}

// wrap says which listener an error is about, and where that is written.
func (s *TokenService) wrap(err error) error {
	return fmt.Errorf("token_service %q%s: %w", s.Listen, written(s.Source), err)
}

// namespace returns whose tokens are served.
func (s *TokenService) namespace() string { return cmp.Or(s.Namespace, defaultNamespace) }

// transport returns what cannot change while a door is open.
func (s *TokenService) transport() tokenservice.Transport {
	return tokenservice.Transport{TLS: s.Certificate != "", PeerUIDs: s.PeerUIDs, MaxData: int(s.MaxPayload)}
}

// service returns what is served, from the tokens of a house.
func (s *TokenService) service(engine *tokens.Engine) (*tokenservice.Service, error) {
	space, err := engine.Space(s.namespace(), tokens.Limits{Quota: s.Quota, MaxData: int(s.MaxPayload)})
	if err != nil {
		return nil, s.wrap(err)
	}
	return &tokenservice.Service{Tokens: space, Secret: s.Secret}, nil
}

// certificate reads the files of the certificate.
func (s *TokenService) certificate() (*tls.Certificate, error) {
	if s.Certificate == "" {
		return nil, nil
	}
	certificate, err := tls.LoadX509KeyPair(s.Certificate, s.Key)
	if err != nil {
		return nil, s.wrap(fmt.Errorf("tls: %w", err))
	}
	return &certificate, nil
}

// provisionTokens prepares all listeners.
func (a *App) provisionTokens() error {
	for _, s := range a.TokenServices {
		if err := s.provision(a.logger); err != nil {
			return fmt.Errorf("gatehouse: %w", err)
		}
	}
	return nil
}

// validateTokens checks the listeners by themselves and beside each other.
func (a *App) validateTokens() error {
	seen := map[string]bool{}
	for _, s := range a.TokenServices {
		if err := s.validate(); err != nil {
			return fmt.Errorf("gatehouse: %w", err)
		}
		place, err := s.place()
		switch {
		case err != nil:
			return fmt.Errorf("gatehouse: %w", s.wrap(err))
		case seen[place]:
			return fmt.Errorf("gatehouse: %w", s.wrap(errors.New("another token_service listens there: give each an address of its own")))
		case s.Namespace == "" && len(a.TokenServices) > 1:
			return fmt.Errorf("gatehouse: %w", s.wrap(errors.New("there are several, and it does not say whose tokens it serves: write namespace NAME")))
		}
		seen[place] = true
	}
	return nil
}

// tokenStay is a service of this configuration and its door.
type tokenStay struct {
	key     string // of the door
	door    *tokenservice.Door
	service *tokenservice.Service
	leave   func() // nil as long as the service is not behind the door
}

// serveTokens opens the doors of this configuration, or goes behind those that are open.
// It serves at none of them before all are there: until then the configuration before
// may have to go on.
func (a *App) serveTokens() error {
	for _, s := range a.TokenServices {
		service, err := s.service(a.tenancy.house.Tokens)
		if err != nil {
			return fmt.Errorf("gatehouse: %w", err)
		}
		if service.Certificate, err = s.certificate(); err != nil {
			return fmt.Errorf("gatehouse: %w", err)
		}
		stay, err := s.open(a.ctx)
		if err != nil {
			return fmt.Errorf("gatehouse: %w", s.wrap(err))
		}
		stay.service = service
		a.tokenStays = append(a.tokenStays, stay)
	}
	for i := range a.tokenStays {
		stay := &a.tokenStays[i]
		stay.leave = stay.door.Use(stay.service)
		a.logger.Info("serving tokens", zap.String("listen", a.TokenServices[i].Listen),
			zap.Stringer("address", stay.door.Addr()), zap.String("namespace", a.TokenServices[i].namespace()))
	}
	return nil
}

// leaveTokens goes away from the doors. Whoever is the last closes them, and serves
// until the last client has gone.
func (a *App) leaveTokens() error {
	var errs []error
	for _, stay := range a.tokenStays {
		_, err := tokenDoors.Delete(stay.key)
		errs = append(errs, err)
		if stay.leave != nil {
			stay.leave()
		}
	}
	a.tokenStays = nil
	return errors.Join(errs...)
}

// tokenDoors are the open doors by their place and what cannot change while they are
// open. As with houses, the next configuration starts before the last one stops, so a
// listener belongs to none of them.
var tokenDoors = caddy.NewUsagePool()
