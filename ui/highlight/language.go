package highlight

import (
	"path"
	"strings"
)

// languages say by which names files of a language go, extensions without their dot,
// and which file has its rules.
func languages() []struct{ rules, extensions, names string } {
	return []struct{ rules, extensions, names string }{
		{"chroma/c.xml", "c h", ""},
		{"chroma/c++.xml", "cc cpp cxx c++ hh hpp hxx ipp tcc C", ""},
		{"chroma/gas.xml", "s S asm", ""},
		{"chroma/devicetree.xml", "dts dtsi dtso overlay", ""},
		{"chroma/rust.xml", "rs", ""},
		{"own/go.xml", "go", ""},
		{"chroma/python.xml", "py pyi bzl star", "SConstruct SConscript"},
		{"chroma/bash.xml", "sh bash ksh zsh", ".bashrc PKGBUILD APKBUILD"},
		{"chroma/makefile.xml", "mk mak", "Makefile GNUmakefile makefile Kbuild Platform"},
		{"own/kconfig.xml", "", "Kconfig Config.in"},
		{"chroma/perl.xml", "pl pm perl", ""},
		{"chroma/yaml.xml", "yaml yml", ""},
		{"chroma/json.xml", "json", ""},
		{"chroma/toml.xml", "toml", ""},
		{"chroma/ini.xml", "ini cfg conf service socket", ".gitconfig .editorconfig .gitmodules"},
		{"chroma/cmake.xml", "cmake", "CMakeLists.txt"},
		{"chroma/meson.xml", "", "meson.build meson.options meson_options.txt"},
		{"chroma/tcl.xml", "tcl exp", ""},
		{"chroma/ocaml.xml", "ml mli", ""},
		{"chroma/awk.xml", "awk", ""},
		{"chroma/sql.xml", "sql", ""},
		{"chroma/javascript.xml", "js mjs cjs", ""},
	}
}

// languageOf is the file with the rules of the language that a file is in, "" for none.
func languageOf(file string) string {
	name := path.Base(strings.TrimSuffix(file, ".in"))
	extension := strings.TrimPrefix(path.Ext(name), ".")
	for _, l := range languages() {
		for _, known := range strings.Fields(l.names) {
			// Makefile.am, Kconfig.debug
			if name == known || path.Base(file) == known || strings.HasPrefix(name, known+".") {
				return l.rules
			}
		}
	}
	for _, l := range languages() {
		for _, known := range strings.Fields(l.extensions) {
			if extension == known {
				return l.rules
			}
		}
	}
	return ""
}
