// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package tokenservice

import (
	"context"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"github.com/gatehouse-sso/gatehouse/internal/tokenservice/tokenpb"
)

// health answers the health protocol of gRPC by asking the store at that moment. It
// needs no secret and tells nothing else. Watch is left out, which clients take for
// healthy (https://github.com/grpc/grpc/blob/master/doc/health-checking.md).
type health struct {
	grpc_health_v1.UnimplementedHealthServer
	door *Door
}

// Check implements [grpc_health_v1.HealthServer].
func (h *health) Check(ctx context.Context, q *grpc_health_v1.HealthCheckRequest) (*grpc_health_v1.HealthCheckResponse, error) {
	if q.Service != "" && q.Service != tokenpb.TokenService_ServiceDesc.ServiceName {
		return nil, status.Error(codes.NotFound, "there is no such service")
	}
	return &grpc_health_v1.HealthCheckResponse{Status: h.status(ctx)}, nil
}

func (h *health) status(ctx context.Context) grpc_health_v1.HealthCheckResponse_ServingStatus {
	l := h.door.enter()
	if l == nil {
		return grpc_health_v1.HealthCheckResponse_NOT_SERVING
	}
	defer l.mu.RUnlock()
	if err := l.service.Tokens.Check(ctx); err != nil {
		return grpc_health_v1.HealthCheckResponse_NOT_SERVING
	}
	return grpc_health_v1.HealthCheckResponse_SERVING
}
