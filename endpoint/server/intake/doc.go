// Package intake bounds what strangers can bring to the service: connections,
// by a [Door] that lets in only so many, and bodies, which lie on disk while
// they arrive, so that who is slow holds no memory.
package intake
