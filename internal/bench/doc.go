// Command bench times whole processes of kprep, and of b4 where it is
// installed, doing the same jobs in the same large repository, and compares
// them with the time that kprep allows itself. "make bench" runs it.
//
// The repository is made up, the same on every machine: a history of 50,000
// commits over 38,000 files in one pack, and two series, of 3 and of 30
// patches. The programs take turns, so that a busy moment of the machine hits
// both; the minimum over the runs is the figure to trust.
package main
