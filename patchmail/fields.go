package patchmail

// AddressField writes one header field that lists addresses, as Message.Bytes
// does: ASCII but for local parts that are not, folded, with LF line ends and
// one behind it. Errors are an *InjectionError or an *AddressError.
func AddressField(name string, list ...Address) (string, error) {
	var w headerWriter
	w.addresses(name, list)
	return w.out.String(), w.err
}

// TextField writes one unstructured header field in the same form. Errors are an
// *InjectionError or a *HeaderError.
func TextField(name, value string) (string, error) {
	var w headerWriter
	w.text(name, value)
	return w.out.String(), w.err
}

// EncodeBody chooses the transfer encoding of a decoded body by its content
// alone, as Message.Bytes does, and applies it. A line feed that the end lacks
// is added.
func EncodeBody(body []byte) (encoded []byte, encoding string) {
	if len(body) > 0 && body[len(body)-1] != '\n' {
		body = append(body[:len(body):len(body)], '\n')
	}
	chosen := chooseEncoding(body)
	return appendBody(nil, body, chosen), string(chosen)
}
