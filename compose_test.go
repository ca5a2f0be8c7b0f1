// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package gatehouse_test

import (
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// composition is what these tests look at in docker-compose.yml. Docker itself
// is on few of the machines that build Gatehouse.
type composition struct {
	Services map[string]service        `yaml:"services"`
	Networks map[string]map[string]any `yaml:"networks"`
	Volumes  map[string]map[string]any `yaml:"volumes"`
}

type service struct {
	Image       string   `yaml:"image"`
	Build       string   `yaml:"build"`
	Ports       []string `yaml:"ports"`
	Networks    []string `yaml:"networks"`
	Volumes     []string `yaml:"volumes"`
	Healthcheck struct {
		Test []string `yaml:"test"`
	} `yaml:"healthcheck"`
}

func readComposition(t *testing.T) composition {
	t.Helper()
	source, err := os.ReadFile("docker-compose.yml")
	if err != nil {
		t.Fatal(err)
	}
	var c composition
	if err := yaml.Unmarshal(source, &c); err != nil {
		t.Fatal(err)
	}
	if c.Services["gateway"].Build != "." || len(c.Services) < 4 {
		t.Fatalf("want a gateway built from this checkout and apps behind it, got %v", c.Services)
	}
	return c
}

// pinned is an image with a version in its tag; "latest" moves.
var pinned = regexp.MustCompile(`^[a-z0-9./-]+:v?[0-9][0-9A-Za-z.-]+$`)

// TestComposePinsItsImages: what was tried is what runs.
func TestComposePinsItsImages(t *testing.T) {
	for name, s := range readComposition(t).Services {
		if s.Build != "" {
			mustPinItsBases(t, filepath.Join(s.Build, "Dockerfile"))
		} else if !pinned.MatchString(s.Image) {
			t.Errorf("service %q runs %q, an image without a version", name, s.Image)
		}
	}
}

func mustPinItsBases(t *testing.T, dockerfile string) {
	t.Helper()
	source, err := os.ReadFile(dockerfile)
	if err != nil {
		t.Fatal(err)
	}
	bases := regexp.MustCompile(`(?m)^FROM (\S+)`).FindAllSubmatch(source, -1)
	if len(bases) == 0 {
		t.Errorf("%s begins with no image", dockerfile)
	}
	for _, base := range bases {
		if !pinned.Match(base[1]) {
			t.Errorf("%s begins with %q, an image without a version", dockerfile, base[1])
		}
	}
	for _, copied := range regexp.MustCompile(`(?m)^COPY (?:--chmod=\d+ )?([a-z.]+) /`).FindAllSubmatch(source, -1) {
		if _, err := os.Stat(filepath.Join(filepath.Dir(dockerfile), string(copied[1]))); err != nil {
			t.Errorf("%s copies %v", dockerfile, err)
		}
	}
}

// TestComposeLeavesNoWayAround: an app that believes headers is open to whoever
// reaches it directly, another app too, so apps publish nothing and meet the gateway
// alone.
func TestComposeLeavesNoWayAround(t *testing.T) {
	c := readComposition(t)
	for name, s := range c.Services {
		if name == "gateway" {
			continue
		}
		if len(s.Ports) > 0 {
			t.Errorf("app %q publishes %q", name, s.Ports)
		}
		for _, n := range s.Networks {
			if internal, _ := c.Networks[n]["internal"].(bool); !internal {
				t.Errorf("app %q is on the network %q, which is not internal", name, n)
			}
		}
		if len(s.Networks) == 0 {
			t.Errorf("app %q is on the default network, which is not internal", name)
		}
	}
	for _, n := range c.Services["gateway"].Networks {
		var apps []string
		for name, s := range c.Services {
			if name != "gateway" && slices.Contains(s.Networks, n) {
				apps = append(apps, name)
			}
		}
		if len(apps) > 1 {
			t.Errorf("on the network %q the apps %q reach each other without the gateway", n, apps)
		}
	}
}

// TestComposeMountsWhatIsThere: Docker makes an empty directory of a path that
// does not exist, and the service starts without its configuration.
func TestComposeMountsWhatIsThere(t *testing.T) {
	c := readComposition(t)
	for name, s := range c.Services {
		for _, v := range s.Volumes {
			source, _, _ := strings.Cut(v, ":")
			if !strings.HasPrefix(source, ".") {
				if _, declared := c.Volumes[source]; !declared {
					t.Errorf("service %q uses the volume %q, which is not declared", name, source)
				}
			} else if _, err := os.Stat(source); err != nil {
				t.Errorf("service %q mounts %v", name, err)
			}
		}
	}
	if !slices.Contains(c.Services["gateway"].Volumes, "gateway-data:/data") {
		t.Error("the gateway's state is on no volume: users and sessions would go with the container")
	}
}

// TestComposeGatewayKnowsItsApps: the mounted Caddyfile adapts, leads to
// services of the composition, and the portal's health is watched.
func TestComposeGatewayKnowsItsApps(t *testing.T) {
	c := readComposition(t)
	const caddyfile = "examples/compose/Caddyfile"
	source, err := os.ReadFile(caddyfile)
	if err != nil {
		t.Fatal(err)
	}
	adapted := string(adapt(t, source, caddyfile))
	dials := regexp.MustCompile(`"dial":"([a-z]+):\d+"`).FindAllStringSubmatch(adapted, -1)
	sites := strings.Count(string(source), "\tgatehouse ") - 1 // the first is the global option
	if sites < 3 || len(dials) < sites {
		t.Errorf("%s has %d gates and %d ways to apps, want three at least", caddyfile, sites, len(dials))
	}
	for _, d := range dials {
		if _, ok := c.Services[d[1]]; !ok {
			t.Errorf("%s leads to %q, which is no service", caddyfile, d[1])
		}
	}
	test := c.Services["gateway"].Healthcheck.Test
	if len(test) == 0 {
		t.Fatal("the gateway has no healthcheck")
	}
	health, err := url.Parse(test[len(test)-1])
	if err != nil {
		t.Fatal(err)
	}
	if health.Path != "/healthz" || !strings.Contains(string(source), health.Scheme+"://"+health.Host+" {") {
		t.Errorf("the healthcheck asks %s, want /healthz of the portal in %s", health, caddyfile)
	}
}
