package main

import "errors"

// uiHint helps with pages in a browser.
func uiHint(err error) string {
	if errors.As(err, new(*portError)) {
		return "name another one with --port, or leave it out: then one that is free is taken"
	}
	return ""
}
