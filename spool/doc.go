// Package spool keeps texts that are many, such as the mails of a long series,
// out of memory.
//
// [In] names a folder, [Spool.Keep] takes a text and returns a [Text], from
// which its bytes can be read back. The first half megabyte stays in memory;
// what comes after it goes to a file, mode 0600, which has lost its name before
// anything is in it: nobody else can open it, and no crash leaves it behind.
package spool
