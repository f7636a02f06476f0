package smtp

import (
	"context"
	"crypto/tls"
	"fmt"
)

// startTLS secures a conversation that began in the clear (RFC 3207).
func (c *Client) startTLS(ctx context.Context) error {
	if !c.extensions.startTLS {
		return &StartTLSError{Host: c.config.Host, Reason: "the server does not offer STARTTLS"}
	}
	reply, err := c.command("STARTTLS")
	if err != nil {
		return c.expect("STARTTLS", 220, reply, err)
	}
	if reply.Code != 220 {
		return &StartTLSError{Host: c.config.Host, Code: reply.Code, Reason: fmt.Sprintf("the server answered %s", reply)}
	}
	// RFC 3207, 4: nothing may be said before the handshake. What is, was put
	// there to be taken for the server's later words.
	if c.wire.in.Buffered() > 0 {
		return &StartTLSError{Host: c.config.Host, Reason: "somebody wrote into the connection before it was secured"}
	}
	return c.handshake(ctx)
}

// handshake verifies the server and goes on in secret.
func (c *Client) handshake(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, c.config.Limits.TLS)
	defer cancel()
	c.wire.within(c.config.Limits.TLS)
	conn := tls.Client(c.wire.conn, c.config.TLS)
	if err := conn.HandshakeContext(ctx); err != nil {
		return tlsError(c.config, err)
	}
	c.wire.secured(conn)
	c.secure = true
	return nil
}
