// Package ui shows the user's series in a browser: a site served on loopback, and
// one self-contained page of it.
//
//	site, err := ui.New(ui.Options{Source: source, Now: time.Now, Random: rand.Reader})
//	listener, err := net.Listen("tcp", "127.0.0.1:0")
//	fmt.Println(site.URL(listener.Addr().String()))
//	err = site.Serve(ctx, listener)
//
// A [Source] reads what the pages show, anew for each; nothing is changed but by
// [Source.Mark] and [Source.Look], which only a form of a page of ours reaches.
// Whoever wants to see a page needs the token of the URL, or the cookie that it is
// exchanged for (see gate.go). A page loads nothing from elsewhere, and is whole
// without scripts: ours adds keys, and follows a send that is under way.
//
// All text of commits and mail is escaped, and what would not be seen in it is made
// visible.
package ui
