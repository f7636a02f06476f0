package gitrepo

import "strings"

// IsMe says whether a commit made by who is the user's own: by the address
// of git's committer identity, or one of kprep.my-address.
func (r *Repo) IsMe(who Ident) (bool, error) {
	config, err := r.Config()
	if err != nil {
		return false, err
	}
	for _, address := range config.All("kprep.my-address") {
		if strings.EqualFold(address, who.Email) {
			return true, nil
		}
	}
	me, err := r.Committer()
	if err != nil {
		return false, err
	}
	return strings.EqualFold(me.Email, who.Email), nil
}
