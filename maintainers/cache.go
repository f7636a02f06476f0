package maintainers

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"hash/crc32"
)

// cacheFormat changes whenever what is cached, or what it is made from, does.
const cacheFormat = "kprep maintainers 1\n"

var errCache = errors.New("not an index of these files")

// restoreOrBuild takes the index from the cache where it is there for exactly
// these files.
func (ix *Index) restoreOrBuild() {
	cache := ix.project.Cache
	if cache.Get == nil {
		ix.build()
		return
	}
	name := ix.cacheName()
	if data := cache.Get(name); data != nil && ix.decode(data) == nil {
		return
	}
	ix.build()
	if cache.Put != nil {
		cache.Put(name, ix.encode())
	}
}

// cacheName is a digest of all that the index is made from.
func (ix *Index) cacheName() string {
	h := sha256.New()
	h.Write([]byte(cacheFormat + ix.era.String()))
	for _, f := range ix.files {
		h.Write(binary.AppendUvarint(binary.AppendUvarint(nil, uint64(len(f.name))), uint64(len(f.text))))
		h.Write([]byte(f.name))
		h.Write([]byte(f.text))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// encode writes the index without the text of the files, which is at hand when
// it is decoded: where each entry stands, the order of the patterns, and the
// literals of the expressions.
func (ix *Index) encode() []byte {
	out := []byte(cacheFormat)
	number := func(n int) { out = binary.AppendUvarint(out, uint64(n)) }
	number(len(ix.entries))
	for _, e := range ix.entries {
		number(int(e.letter))
		number(int(e.file))
		number(int(e.line))
		number(int(e.offset))
		number(len(e.value))
	}
	number(len(ix.paths.sorted))
	for _, p := range ix.paths.sorted {
		number(int(p.entry))
		number(int(p.section))
		number(len(p.prefix))
	}
	for _, list := range [][]*expression{ix.names, ix.keywords} {
		number(len(list))
		for _, e := range list {
			number(int(e.entry))
			number(int(e.section))
			number(len(e.literals))
			for _, l := range e.literals {
				number(len(l))
				out = append(out, l...)
			}
		}
	}
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(out))
}

// decode is the opposite of encode. It changes the index only when all is well.
func (ix *Index) decode(data []byte) error {
	end := len(data) - crc32.Size
	if end < len(cacheFormat) || string(data[:len(cacheFormat)]) != cacheFormat || crc32.ChecksumIEEE(data[:end]) != binary.BigEndian.Uint32(data[end:]) {
		return errCache
	}
	d := &decoder{data: data[len(cacheFormat):end]}
	restored := Index{era: ix.era}
	restored.entries = make([]entry, d.number(len(d.data)))
	for i := range restored.entries {
		e := &restored.entries[i]
		e.letter, e.file, e.line = byte(d.number(255)), int32(d.number(len(ix.files)-1)), int32(d.number(1<<30))
		if d.failed {
			return errCache
		}
		text := ix.files[e.file].text
		start := d.number(len(text))
		e.value, e.offset = text[start:start+d.number(len(text)-start)], int32(start)
	}
	restored.sections = findSections(restored.entries)
	paths := make([]pathEntry, d.number(len(restored.entries)))
	for i := range paths {
		at, section := d.place(&restored)
		if n := d.number(1 << 30); !d.failed && n <= len(restored.entries[at].value) {
			paths[i] = pathEntry{entry: at, section: section, prefix: restored.entries[at].value[:n]}
		} else {
			return errCache
		}
	}
	restored.paths = newPathIndex(paths)
	restored.names = d.expressions(&restored)
	restored.keywords = d.expressions(&restored)
	if d.failed || len(d.data) > 0 {
		return errCache
	}
	ix.entries, ix.sections, ix.paths, ix.names, ix.keywords = restored.entries, restored.sections, restored.paths, restored.names, restored.keywords
	return nil
}

// A decoder reads numbers until one is wrong; then all are 0.
type decoder struct {
	data   []byte
	failed bool
}

func (d *decoder) number(most int) int {
	n, size := binary.Uvarint(d.data)
	if d.failed || size <= 0 || most < 0 || n > uint64(most) {
		d.failed = true
		return 0
	}
	d.data = d.data[size:]
	return int(n)
}

func (d *decoder) place(ix *Index) (entry, section int32) {
	entry, section = int32(d.number(len(ix.entries)-1)), int32(d.number(len(ix.sections)-1))
	return entry, section
}

func (d *decoder) expressions(ix *Index) []*expression {
	list := make([]*expression, d.number(len(ix.entries)))
	for i := range list {
		at, section := d.place(ix)
		literals := make([]string, d.number(len(d.data)))
		for j := range literals {
			n := d.number(len(d.data))
			if n > len(d.data) {
				d.failed = true
				break
			}
			literals[j] = string(d.data[:n])
			d.data = d.data[n:]
		}
		if d.failed {
			return nil
		}
		list[i] = newExpression(at, section, ix.entries[at].value, literals, ix.era)
	}
	return list
}
