// Drives a proxy with net/http: `goclient URL`, over HTTP/2 where TLS leads to it; any certificate is taken. Prints one line of JSON
// with what it saw; exits 1 when a request failed.
package main

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"
)

const (
	workers  = 8
	requests = 50
	bigBytes = 4 << 20
)

type seen struct {
	Requests   int    `json:"requests"`
	UploadSum  string `json:"uploadSum"`
	WantedSum  string `json:"wantedSum"`
	Trailer    string `json:"trailer"`
	HeadLength int64  `json:"headLength"`
	Continued  bool   `json:"continued"`
	Protocol   string `json:"protocol"`
}

func main() {
	out, err := drive(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	json.NewEncoder(os.Stdout).Encode(out)
}

func drive(url string) (*seen, error) {
	client := &http.Client{
		Timeout: 20 * time.Second,
		Transport: &http.Transport{
			MaxIdleConnsPerHost:   workers,
			ExpectContinueTimeout: 5 * time.Second,
			ForceAttemptHTTP2:     true,
			TLSClientConfig:       &tls.Config{InsecureSkipVerify: true},
		},
	}
	out := &seen{}
	if err := many(client, url, out); err != nil {
		return nil, err
	}
	if err := upload(client, url, out); err != nil {
		return nil, err
	}
	response, err := client.Get(url + "/trailers")
	if err != nil {
		return nil, err
	}
	io.Copy(io.Discard, response.Body)
	response.Body.Close()
	out.Trailer = response.Trailer.Get("X-Sum")
	head, err := client.Head(url + "/head")
	if err != nil {
		return nil, err
	}
	head.Body.Close()
	out.HeadLength = head.ContentLength
	out.Protocol = head.Proto
	return out, nil
}

func many(client *http.Client, url string, out *seen) error {
	var wait sync.WaitGroup
	var lock sync.Mutex
	var first error
	for w := 0; w < workers; w++ {
		wait.Add(1)
		go func(w int) {
			defer wait.Done()
			for i := 0; i < requests; i++ {
				path := fmt.Sprintf("/w%d/%d", w, i)
				response, err := client.Post(url+path, "text/plain", strings.NewReader(path))
				var body []byte
				if err == nil {
					body, err = io.ReadAll(response.Body)
					response.Body.Close()
				}
				if err == nil && (response.StatusCode != 200 || !bytes.HasSuffix(body, []byte(path))) {
					err = fmt.Errorf("%s: status %d, body %q", path, response.StatusCode, body)
				}
				lock.Lock()
				if err == nil {
					out.Requests++
				} else if first == nil {
					first = err
				}
				lock.Unlock()
			}
		}(w)
	}
	wait.Wait()
	return first
}

// upload sends a chunked body after a 100 (Continue) and compares what the origin says of it.
func upload(client *http.Client, url string, out *seen) error {
	body := bytes.Repeat([]byte("0123456789abcdef"), bigBytes/16)
	sum := sha256.Sum256(body)
	out.WantedSum = hex.EncodeToString(sum[:])
	request, err := http.NewRequest("POST", url+"/sum", io.MultiReader(bytes.NewReader(body)))
	if err != nil {
		return err
	}
	request.Header.Set("Expect", "100-continue")
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	out.UploadSum = string(text)
	out.Continued = response.Header.Get("X-Continued") == "yes"
	return err
}
