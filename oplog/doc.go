// Package oplog is the operation log behind undo and redo.
//
// Every verb that changes anything writes one operation: refs, tags, notes,
// HEAD, the configuration of branches and kprep's own files, before and
// after. The record is on the disk before anything moves, so that the next
// kprep settles what a crash left.
//
// # For a verb
//
//	log := oplog.New(repo, oplog.Options{})
//	if r, err := log.Recover(ctx); … // first of all, before any state is read; say r
//
//	op, err := log.Begin(ctx, oplog.Intent{Verb: "cover", ChangeID: …, Branch: …, Scope: oplog.Scope{Refs: …}})
//	defer op.Close()
//
// and then one of three, each ended by op.Done(ctx), or op.Abort(ctx) which
// takes back what was done:
//
//   - op.Apply(ctx, plan) does all by itself: objects, work tree, refs in one
//     transaction with the log's own ref, HEAD, configuration, files. This is
//     the way for all that can say beforehand what it will do.
//   - op.Plan(ctx, plan) returns objects and one ref update, which the caller
//     writes and moves together with its own.
//   - neither, for what only git can do, such as a rebase: the state after is
//     read in Done. The scope must name all refs and branches that may change.
//
// A verb that opens an editor or waits for a user begins its operation
// afterwards: the log is locked from Begin to the end. A scope is best small
// and exact: a branch, "refs/notes/" where notes follow, the tags of one
// series as "refs/tags/sent/<change-id>-v*".
//
// A send is a Barrier: [Log.Undo] stops there with a *BarrierError.
//
// # Undo
//
// [Log.Undo] and [Log.Redo] exchange each thing only if it still is as the
// operation left it; else they return a *MovedError that says what moved and
// how many commits are on top. The caller may replay these and call again
// with UndoOptions.Instead. What is checked out is the user's choice: HEAD
// goes back only from where the operation put it. Index and work tree follow
// with the user's changes kept, as "git reset --keep" does.
//
// # On the disk
//
// "<common git dir>/kprep/ops/NNNNNN.json" is one operation, written whole
// and synced, 0600; "lock" beside them is held by flock. All work trees share
// the log; each remembers which of them it ran in. [KeepRef] is the one ref: a
// chain with one commit for an operation, whose parents and tree keep alive
// what the operation needs. It lies outside of what "git push" and "git
// clone" take by default. Annotated tags can be neither parent nor tree entry:
// their bytes are in the record and are written again, which gives the same
// id.
//
// # After a crash
//
// Only the newest record can be open. Planned, it is finished when KeepRef or
// all refs are as planned, and rolled back otherwise, with what others moved
// since left alone; only where a part had moved and others moved the rest is
// it marked broken, and nothing is touched. Without a plan it is dropped when
// nothing has changed, and recorded as it was found otherwise. Rolling back
// moves KeepRef as well: a git process that outlived its kprep then cannot
// make its transaction any more.
//
// A verb that only reads calls neither Recover nor Begin: beside a kprep at
// work they wait and then return a *BusyError.
//
// A [gitrepo.Repo] reads configuration once: after Apply, Undo or Redo changed
// that of a branch it still says what was.
package oplog
