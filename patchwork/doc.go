// Package patchwork asks a Patchwork server what became of patches: their states,
// and the checks that the project's machines have run on them. It only reads,
// through the REST interface, in the newest version that both sides speak.
//
// What a server says is text of strangers; no URL in it is followed.
package patchwork
