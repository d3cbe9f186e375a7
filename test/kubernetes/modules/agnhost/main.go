// Command agnhost is what pods of the cluster tests run: a server that says which pod answered, and a client.
package main

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strings"
	"time"
)

const usage = "usage: agnhost serve [ADDRESS (:8080)] | get URL | lookup NAME"

func main() {
	if len(os.Args) < 2 {
		log.Fatal(usage)
	}
	argument := strings.Join(os.Args[2:], "")
	switch os.Args[1] {
	case "serve":
		log.Fatal(serve(argument))
	case "get":
		get(argument)
	case "lookup":
		lookup(argument)
	default:
		log.Fatal(usage)
	}
}

// serve answers GET / with the hostname, which is the pod's name, and GET /clientip with who asked.
func serve(address string) error {
	if address == "" {
		address = ":8080"
	}
	hostname, err := os.Hostname()
	if err != nil {
		return err
	}
	http.HandleFunc("/{$}", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, hostname) })
	http.HandleFunc("/clientip", func(w http.ResponseWriter, r *http.Request) { fmt.Fprintln(w, r.RemoteAddr) })
	return http.ListenAndServe(address, nil)
}

// get prints the body; it fails for any status but 200.
func get(url string) {
	client := http.Client{Timeout: 5 * time.Second}
	response, err := client.Get(url)
	if err != nil {
		log.Fatal(err)
	}
	defer response.Body.Close()
	if _, err := io.Copy(os.Stdout, response.Body); err != nil {
		log.Fatal(err)
	}
	if response.StatusCode != http.StatusOK {
		log.Fatal(response.Status)
	}
}

func lookup(name string) {
	addresses, err := net.LookupHost(name)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(strings.Join(addresses, "\n"))
}
