package main

import (
	"strings"

	"github.com/twmb/franz-go/pkg/kadm"
)

// settings are configuration values given as key=value, and keys to go back to
// their defaults.
type settings struct {
	set   []string
	unset []string
}

// pairs splits key=value; the value may be empty and may contain =.
func pairs(list []string) ([][2]string, error) {
	var out [][2]string
	for _, text := range list {
		key, value, ok := strings.Cut(text, "=")
		key = strings.TrimSpace(key)
		if !ok || key == "" {
			return nil, usagef("%q is not a setting: write NAME=VALUE, as in retention.ms=3600000", text)
		}
		out = append(out, [2]string{key, value})
	}
	return out, nil
}

// changes are the settings as what AlterConfigs takes.
func (s settings) changes() ([]kadm.AlterConfig, error) {
	given, err := pairs(s.set)
	if err != nil {
		return nil, err
	}
	var out []kadm.AlterConfig
	for _, pair := range given {
		out = append(out, kadm.AlterConfig{Op: kadm.SetConfig, Name: pair[0], Value: &pair[1]})
	}
	for _, key := range s.unset {
		if strings.Contains(key, "=") {
			return nil, usagef("--unset takes names without values, not %q", key)
		}
		out = append(out, kadm.AlterConfig{Op: kadm.DeleteConfig, Name: key})
	}
	return out, nil
}

// values are the settings as what CreateTopics takes.
func (s settings) values() (map[string]*string, error) {
	given, err := pairs(s.set)
	if err != nil {
		return nil, err
	}
	out := map[string]*string{}
	for _, pair := range given {
		out[pair[0]] = &pair[1]
	}
	return out, nil
}
