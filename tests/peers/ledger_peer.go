// A reader of our log made of Go's own packages (golang.org/x/mod/sumdb/note and tlog): JSON in, JSON out.
package main

import (
	"encoding/json"
	"os"
	"strconv"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type ask struct {
	Note, Vkey, Skey, Text string
	Size                   int64
	Indexes, Olds          []int64
	Inclusions, Consistent [][][]byte
	Roots                  [][]byte
	Tiles                  [][2]int64
}

type answer struct {
	Opened, Signed          string
	Root                    []byte
	Roots                   [][]byte
	Inclusions, Consistent  [][][]byte
	Tiles                   [][]string
	Accepted                int
	Refused                 []string
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func hashes(proof []tlog.Hash) [][]byte {
	out := [][]byte{}
	for i := range proof {
		out = append(out, proof[i][:])
	}
	return out
}

func proof(rows [][]byte) []tlog.Hash {
	out := []tlog.Hash{}
	for _, row := range rows {
		var h tlog.Hash
		copy(h[:], row)
		out = append(out, h)
	}
	return out
}

func main() {
	var in ask
	var out answer
	must(json.NewDecoder(os.Stdin).Decode(&in))

	verifier, err := note.NewVerifier(in.Vkey)
	must(err)
	opened, err := note.Open([]byte(in.Note), note.VerifierList(verifier))
	must(err)
	out.Opened = opened.Text
	signer, err := note.NewSigner(in.Skey)
	must(err)
	signed, err := note.Sign(&note.Note{Text: in.Text}, signer)
	must(err)
	out.Signed = string(signed)

	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(at []int64) ([]tlog.Hash, error) {
		got := []tlog.Hash{}
		for _, i := range at {
			got = append(got, stored[i])
		}
		return got, nil
	})
	leaves := []tlog.Hash{}
	roots := map[int64]tlog.Hash{}
	for i := int64(0); i < in.Size; i++ {
		data := []byte("entry " + strconv.FormatInt(i, 10))
		added, err := tlog.StoredHashes(i, data, reader)
		must(err)
		stored = append(stored, added...)
		leaves = append(leaves, tlog.RecordHash(data))
	}
	tree, err := tlog.TreeHash(in.Size, reader)
	must(err)
	out.Root = tree[:]
	for _, old := range in.Olds {
		root, err := tlog.TreeHash(old, reader)
		must(err)
		roots[old] = root
		h := root
		out.Roots = append(out.Roots, h[:])
	}
	for i, index := range in.Indexes {
		made, err := tlog.ProveRecord(in.Size, index, reader)
		must(err)
		out.Inclusions = append(out.Inclusions, hashes(made))
		must(tlog.CheckRecord(tlog.RecordProof(proof(in.Inclusions[i])), in.Size, tree, index, leaves[index]))
		out.Accepted++
	}
	for i, old := range in.Olds {
		made, err := tlog.ProveTree(in.Size, old, reader)
		must(err)
		out.Consistent = append(out.Consistent, hashes(made))
		must(tlog.CheckTree(tlog.TreeProof(proof(in.Consistent[i])), in.Size, tree, old, roots[old]))
		out.Accepted++
	}
	for _, grown := range in.Tiles {
		paths := []string{}
		for _, tile := range tlog.NewTiles(8, grown[0], grown[1]) {
			paths = append(paths, tile.Path())
		}
		out.Tiles = append(out.Tiles, paths)
	}
	must(json.NewEncoder(os.Stdout).Encode(out))
}
