package models

import (
	"context"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
)

// Trace is told of every statement that goes to PostgreSQL, for tests and benchmarks. Statements that share one round trip have the same
// number. It is called from many goroutines.
type Trace func(roundTrip int64, sql string, args []any)

// tracer hands pgx's events to a Trace.
type tracer struct {
	trace Trace
	trips atomic.Int64
}

type batchTrip struct{}

// TraceQueryStart is called before a statement of its own.
func (t *tracer) TraceQueryStart(ctx context.Context, _ *pgx.Conn, d pgx.TraceQueryStartData) context.Context {
	t.trace(t.trips.Add(1), d.SQL, d.Args)
	return ctx
}

// TraceQueryEnd is called after it.
func (t *tracer) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// TraceBatchStart is called before several statements in one round trip.
func (t *tracer) TraceBatchStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceBatchStartData) context.Context {
	return context.WithValue(ctx, batchTrip{}, t.trips.Add(1))
}

// TraceBatchQuery is called for each of them.
func (t *tracer) TraceBatchQuery(ctx context.Context, _ *pgx.Conn, d pgx.TraceBatchQueryData) {
	trip, _ := ctx.Value(batchTrip{}).(int64)
	t.trace(trip, d.SQL, d.Args)
}

// TraceBatchEnd is called after all of them.
func (t *tracer) TraceBatchEnd(context.Context, *pgx.Conn, pgx.TraceBatchEndData) {}
