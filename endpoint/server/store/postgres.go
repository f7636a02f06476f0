package store

import (
	"context"
	"database/sql"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// openPostgres opens the database of a server. The program is built without pgx's
// table of what Go's types are in SQL, a megabyte and a half. It is asked only where
// the URL forbids to prepare statements (default_query_exec_mode), as some poolers
// want it, and not about text; so the other types that queries here are given are
// put back.
func openPostgres(url string) (*sql.DB, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	return stdlib.OpenDB(*config, stdlib.OptionAfterConnect(func(_ context.Context, conn *pgx.Conn) error {
		for value, name := range map[any]string{0: "int8", int64(0): "int8"} {
			conn.TypeMap().RegisterDefaultPgType(value, name)
		}
		return nil
	})), nil
}
