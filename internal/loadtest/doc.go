// Package loadtest holds tests of the web submission service as a whole: kprep
// endpoint serve runs as a process, on SQLite or as several on PostgreSQL, and
// is put under load, killed, and attacked.
//
// go test runs small forms of them; with KPREP_LOAD=1, as "make load" sets it,
// they are as large as their names promise, and print figures.
package loadtest
