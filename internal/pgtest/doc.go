// Package pgtest runs a PostgreSQL server of its own for tests, in a temporary
// directory and on a unix socket there.
package pgtest
