package store

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"strings"
)

//go:embed schema/*.sql
var schema embed.FS

// migrations returns the steps of the schema, in order.
func migrations() []string {
	entries, err := schema.ReadDir("schema")
	if err != nil {
		panic(err) // it is part of the program
	}
	var steps []string
	for _, e := range entries {
		data, err := schema.ReadFile("schema/" + e.Name())
		if err != nil {
			panic(err)
		}
		steps = append(steps, string(data))
	}
	return steps
}

// A NewerError reports a database that a newer program has changed.
type NewerError struct{ Has, Knows int }

func (e *NewerError) Error() string {
	return fmt.Sprintf("the database has version %d of the schema, and this program knows %d", e.Has, e.Knows)
}

// migrate takes the steps that the database lacks, all or none. Several
// instances may start at once: the others wait, and find nothing to do.
func (s *Store) migrate(ctx context.Context, steps []string) error {
	return s.inTx(ctx, func(tx *sql.Tx) error {
		for _, statement := range []string{s.lock, "CREATE TABLE IF NOT EXISTS schema_steps (version INTEGER PRIMARY KEY)"} {
			if statement == "" {
				continue
			}
			if _, err := tx.ExecContext(ctx, statement); err != nil {
				return err
			}
		}
		var has int
		if err := tx.QueryRowContext(ctx, "SELECT coalesce(max(version), 0) FROM schema_steps").Scan(&has); err != nil {
			return err
		}
		if has > len(steps) {
			return &NewerError{has, len(steps)}
		}
		for i, step := range steps[has:] {
			if _, err := tx.ExecContext(ctx, strings.NewReplacer("{id}", s.id, "{bytes}", s.bytes, "{ascii}", s.ascii).Replace(step)); err != nil {
				return fmt.Errorf("step %d of the schema: %w", has+i+1, err)
			}
			if _, err := tx.ExecContext(ctx, "INSERT INTO schema_steps (version) VALUES ($1)", has+i+1); err != nil {
				return err
			}
		}
		return nil
	})
}
