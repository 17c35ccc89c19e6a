// A client of a log over HTTP, made of Go's own packages (golang.org/x/mod/sumdb), which know nothing of haoma.
// Arguments: the log's prefix, its verifier key, the key of its entries, and the size of an earlier tree with its root.
package main

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

var prefix, key string

func fetch(path string) []byte {
	request, err := http.NewRequest("GET", prefix+"/"+path, nil)
	must(err)
	request.Header.Set("Authorization", "Bearer "+key)
	answer, err := http.DefaultClient.Do(request)
	must(err)
	defer answer.Body.Close()
	if answer.StatusCode != 200 {
		must(fmt.Errorf("%s: %s", path, answer.Status))
	}
	data, err := io.ReadAll(answer.Body)
	must(err)
	return data
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// C2SP's tiles are Go's of height 8, whose path does not tell the height.
// Tiles never change, so that a client keeps them.
type reader map[string][]byte

func (r reader) Height() int                         { return 8 }
func (r reader) SaveTiles(_ []tlog.Tile, _ [][]byte) {}
func (r reader) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var found [][]byte
	for _, tile := range tiles {
		path := "tile/" + strings.TrimPrefix(tile.Path(), "tile/8/")
		if r[path] == nil {
			r[path] = fetch(path)
		}
		found = append(found, r[path])
	}
	return found, nil
}

func main() {
	prefix, key = os.Args[1], os.Args[3]
	verifier, err := note.NewVerifier(os.Args[2])
	must(err)
	opened, err := note.Open(fetch("checkpoint"), note.VerifierList(verifier))
	must(err)
	lines := strings.Split(opened.Text, "\n")
	size, err := strconv.ParseInt(lines[1], 10, 64)
	must(err)
	var root tlog.Hash
	raw, err := base64.StdEncoding.DecodeString(lines[2])
	must(err)
	copy(root[:], raw)

	tiles := reader{}
	hashes := tlog.TileHashReader(tlog.Tree{N: size, Hash: root}, tiles)
	for at := int64(0); at < size; at += 256 {
		end := at + 256
		if end > size {
			end = size
		}
		path := tlog.Tile{H: 8, L: -1, N: at / 256, W: int(end - at)}.Path()
		bundle := fetch("tile/entries/" + strings.TrimPrefix(path, "tile/8/data/"))
		for index := at; index < end; index++ {
			length := int(binary.BigEndian.Uint16(bundle))
			leaf := tlog.RecordHash(bundle[2 : 2+length])
			bundle = bundle[2+length:]
			proof, err := tlog.ProveRecord(size, index, hashes)
			must(err)
			must(tlog.CheckRecord(proof, size, root, index, leaf))
		}
	}
	old, err := strconv.ParseInt(os.Args[4], 10, 64)
	must(err)
	var before tlog.Hash
	raw, err = base64.StdEncoding.DecodeString(os.Args[5])
	must(err)
	copy(before[:], raw)
	proof, err := tlog.ProveTree(size, old, hashes)
	must(err)
	must(tlog.CheckTree(proof, size, root, old, before))
	fmt.Println(lines[0], size, len(tiles) > 0)
}
