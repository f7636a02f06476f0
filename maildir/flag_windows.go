package maildir

// seenFlag ends the name of a message that has been read. No name has a colon
// here; mail readers take a semicolon for it.
const seenFlag = ";2,S"
