// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package resend_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/gatehouse-sso/gatehouse/internal/resend"
	"github.com/gatehouse-sso/gatehouse/internal/seal"
	"github.com/gatehouse-sso/gatehouse/store"
	"github.com/gatehouse-sso/gatehouse/store/memstore"
	"github.com/gatehouse-sso/gatehouse/store/storetest"
)

const address = "https://wiki.example.com/save?id=3&do=edit"

var anna = resend.Holder{UserID: "u-anna", Bond: "the bond of anna", Origin: "https://wiki.example.com"}

// form is one as a browser sends it, with every byte that a body can have.
func form() resend.Form {
	var body []byte
	for b := range 256 {
		body = append(body, byte(b))
	}
	return resend.Form{
		Address:     address,
		ContentType: "multipart/form-data; boundary=x",
		Origin:      "https://wiki.example.com",
		Referer:     "https://wiki.example.com/edit?id=3&not=\xfc-UTF-8",
		Body:        body,
	}
}

// keep keeps the form for anna.
func keep(t *testing.T, k *resend.Keeper, f resend.Form) store.ID {
	t.Helper()
	id, err := k.Keep(t.Context(), anna, f, bytes.NewReader(f.Body), int64(len(f.Body)), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func keeper() *resend.Keeper { return &resend.Keeper{Store: memstore.New()} }

// TestRoundTrip: what is sent is what was kept, to the byte, and it is sent once.
func TestRoundTrip(t *testing.T) {
	k := keeper()
	id := keep(t, k, form())
	same := cmpopts.IgnoreFields(resend.Form{}, "Sent")
	for range 3 {
		got, err := k.Look(t.Context(), id, anna)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(form(), got, same); diff != "" || got.Sent.IsZero() {
			t.Error(diff, got.Sent)
		}
	}
	got, err := k.Redeem(t.Context(), id, anna, address)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(form(), got, same); diff != "" {
		t.Error(diff)
	}
	if _, err := k.Redeem(t.Context(), id, anna, address); !errors.Is(err, resend.ErrGone) {
		t.Errorf("sent again: %v", err)
	}
	if _, err := k.Look(t.Context(), id, anna); !errors.Is(err, resend.ErrGone) {
		t.Errorf("still there: %v", err)
	}
}

// TestDoubleClick: of any number of confirmations at the same moment one wins.
func TestDoubleClick(t *testing.T) {
	k := keeper()
	id := keep(t, k, form())
	var won atomic.Int32
	var all sync.WaitGroup
	for range 100 {
		all.Go(func() {
			switch _, err := k.Redeem(t.Context(), id, anna, address); {
			case err == nil:
				won.Add(1)
			case !errors.Is(err, resend.ErrGone):
				t.Error(err)
			}
		})
	}
	all.Wait()
	if won.Load() != 1 {
		t.Errorf("sent %d times", won.Load())
	}
}

// TestAnotherPersonsForm: another person at the same browser, the same person at
// another browser, and the same person after a sign-out get nothing, and what they ask
// for is destroyed, for its owner too.
func TestAnotherPersonsForm(t *testing.T) {
	for what, other := range map[string]resend.Holder{
		"another person":            {UserID: "u-ben", Bond: "the bond of ben", Origin: anna.Origin},
		"another person, her bond":  {UserID: "u-ben", Bond: anna.Bond, Origin: anna.Origin},
		"after a sign-out":          {UserID: anna.UserID, Bond: "another bond", Origin: anna.Origin},
		"a session without a bond":  {UserID: anna.UserID, Origin: anna.Origin},
		"nobody, by some mischance": {Origin: anna.Origin},
	} {
		t.Run(what, func(t *testing.T) {
			for how, ask := range map[string]func(*resend.Keeper, store.ID) (resend.Form, error){
				"looks": func(k *resend.Keeper, id store.ID) (resend.Form, error) { return k.Look(t.Context(), id, other) },
				"sends": func(k *resend.Keeper, id store.ID) (resend.Form, error) {
					return k.Redeem(t.Context(), id, other, address)
				},
				"drops": func(k *resend.Keeper, id store.ID) (resend.Form, error) { return k.Drop(t.Context(), id, other) },
			} {
				k := keeper()
				id := keep(t, k, form())
				if f, err := ask(k, id); !errors.Is(err, resend.ErrForeign) || f.Body != nil {
					t.Errorf("%s: %v", how, err)
				}
				if _, err := k.Look(t.Context(), id, anna); !errors.Is(err, resend.ErrGone) {
					t.Errorf("%s: still there: %v", how, err)
				}
			}
		})
	}
}

// TestAnotherHost: a reference means nothing at another origin, and spends nothing
// there: an app cannot destroy the forms of another app.
func TestAnotherHost(t *testing.T) {
	k := keeper()
	id := keep(t, k, form())
	elsewhere := anna
	elsewhere.Origin = "https://tickets.example.com"
	if _, err := k.Look(t.Context(), id, elsewhere); !errors.Is(err, resend.ErrGone) {
		t.Errorf("found: %v", err)
	}
	if _, err := k.Look(t.Context(), id, anna); err != nil {
		t.Errorf("destroyed: %v", err)
	}
}

// TestAnotherAddress: a form goes where it was meant to go, whatever the button was
// made to post to. How a sign is escaped makes no difference.
func TestAnotherAddress(t *testing.T) {
	k := keeper()
	f := form()
	f.Address = "https://wiki.example.com/a%20b/(c)?q='x'&r=%2F+1"
	id := keep(t, k, f)
	for _, wrong := range []string{
		"", "https://wiki.example.com/", "https://wiki.example.com/a%20b/(c)", "https://wiki.example.com/a%20b/(c)?q='x'&r=%2F+2",
		"http://wiki.example.com/a%20b/(c)?q='x'&r=%2F+1", "https://wiki.example.com:1/a%20b/(c)?q='x'&r=%2F+1", "://",
	} {
		if _, err := k.Redeem(t.Context(), id, anna, wrong); !errors.Is(err, resend.ErrGone) {
			t.Errorf("sent to %q: %v", wrong, err)
		}
	}
	if _, err := k.Redeem(t.Context(), id, anna, "https://wiki.example.com/a%20b/%28c%29?q=%27x%27&r=%2F+1"); err != nil {
		t.Error(err)
	}
}

// TestDrop: what a person does not want to send is gone.
func TestDrop(t *testing.T) {
	k := keeper()
	id := keep(t, k, form())
	f, err := k.Drop(t.Context(), id, anna)
	if err != nil || f.Referer != form().Referer {
		t.Errorf("dropped %s: %v", f, err)
	}
	if _, err := k.Drop(t.Context(), id, anna); !errors.Is(err, resend.ErrGone) {
		t.Errorf("dropped again: %v", err)
	}
}

// TestKeptForAnHour, and not longer, whatever the clock of the sender says.
func TestKeptForAnHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := keeper()
		id := keep(t, k, form())
		time.Sleep(resend.Lifetime - time.Second)
		if _, err := k.Look(t.Context(), id, anna); err != nil {
			t.Error(err)
		}
		time.Sleep(time.Second)
		if _, err := k.Redeem(t.Context(), id, anna, address); !errors.Is(err, resend.ErrGone) {
			t.Errorf("after an hour: %v", err)
		}
	})
}

// TestTooLarge: the bound counts with or without a Content-Length, one that lies
// included, and leaves nothing in the store.
func TestTooLarge(t *testing.T) {
	head := form()
	head.Body = nil
	size := int64(resend.MaxSize - len(head.Address) - len(head.ContentType) - len(head.Origin) - len(head.Referer))
	for _, test := range []struct {
		size, length int64
		want         error
	}{
		{size, size, nil}, {size, -1, nil},
		{size + 1, size + 1, resend.ErrLarge}, {size + 1, -1, resend.ErrLarge}, {size + 1, 10, resend.ErrLarge},
		{1 << 40, 1 << 40, resend.ErrLarge},
	} {
		k := keeper()
		_, err := k.Keep(t.Context(), anna, head, io.LimitReader(zeros{}, test.size), test.length, time.Now())
		if !errors.Is(err, test.want) {
			t.Errorf("%d bytes, said to be %d: %v", test.size, test.length, err)
		}
		if n := count(t, k.Store); (n == 1) != (test.want == nil) {
			t.Errorf("%d bytes, said to be %d: %d kept", test.size, test.length, n)
		}
	}
	head.Address += "&" + strings.Repeat("x", resend.MaxSize)
	if _, err := keeper().Keep(t.Context(), anna, head, strings.NewReader(""), 0, time.Now()); !errors.Is(err, resend.ErrLarge) {
		t.Errorf("a long address: %v", err)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func count(t *testing.T, s store.Store) int {
	t.Helper()
	n := 0
	for _, err := range s.List(t.Context(), resend.Kind, store.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	return n
}

// TestForget: of somebody who is forgotten nothing is kept and nothing counted, of others
// all is.
func TestForget(t *testing.T) {
	k := keeper()
	ben := resend.Holder{UserID: "u-ben", Bond: "the bond of ben", Origin: anna.Origin}
	theirs, err := k.Keep(t.Context(), ben, resend.Form{}, strings.NewReader("x"), 1, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	fill := func() (id store.ID, n int) {
		t.Helper()
		for {
			kept, err := k.Keep(t.Context(), anna, resend.Form{}, strings.NewReader("x"), 1, time.Now())
			if errors.Is(err, resend.ErrFull) {
				return id, n
			}
			if err != nil {
				t.Fatal(err)
			}
			id = kept
			n++
		}
	}
	id, most := fill()
	if err := k.Forget(t.Context(), anna.UserID); err != nil {
		t.Fatal(err)
	}
	if _, err := k.Look(t.Context(), id, anna); !errors.Is(err, resend.ErrGone) {
		t.Errorf("a form of the forgotten: %v", err)
	}
	if _, n := fill(); n != most {
		t.Errorf("room for %d forms, want %d: they are counted still", n, most)
	}
	if _, err := k.Look(t.Context(), theirs, ben); err != nil {
		t.Errorf("the form of another person: %v", err)
	}
	if err := k.Forget(t.Context(), ""); err == nil {
		t.Error("forgets nobody in particular")
	}
}

// TestOnePersonFillsTheStore: one person has room for some forms, and takes nobody
// else's; many people together have room for more, and no more than that. An hour
// later there is room again.
func TestOnePersonFillsTheStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := keeper()
		try := func(user string, size int64) error {
			who := resend.Holder{UserID: user, Bond: "bond of " + user, Origin: anna.Origin}
			// What counts is what was announced; the bytes themselves would only take time.
			_, err := k.Keep(context.Background(), who, resend.Form{}, strings.NewReader("x"), size, time.Now())
			return err
		}
		fill := func(user string, size int64) (kept int) {
			for {
				err := try(user, size)
				if errors.Is(err, resend.ErrFull) {
					return kept
				}
				if err != nil {
					t.Fatal(err)
				}
				if kept++; kept > 5000 {
					t.Fatal("no bound")
				}
			}
		}
		if n := fill("small", 1); n != 64 {
			t.Errorf("%d small forms of one person", n)
		}
		if n := fill("large", resend.MaxSize); n != 4 {
			t.Errorf("%d large forms of one person", n)
		}
		before := k.Store.(store.Meter).Stats().Writes
		if err := try("small", 1); !errors.Is(err, resend.ErrFull) || k.Store.(store.Meter).Stats().Writes != before {
			t.Errorf("trying on makes the store write: %v", err)
		}
		if err := try("ben", 10); err != nil {
			t.Errorf("another person: %v", err)
		}
		people := 0
		for fill(fmt.Sprint("person", people), resend.MaxSize) > 0 {
			people++
		}
		if people < 32 || people > 64 {
			t.Errorf("%d people have filled it", people)
		}
		time.Sleep(resend.Lifetime + time.Second)
		if err := try("small", 1); err != nil {
			t.Errorf("an hour later: %v", err)
		}
	})
}

// TestCountedBeforeItIsRead: somebody who opens many requests and sends their bodies
// slowly fills no memory, since each is counted as what it may become.
func TestCountedBeforeItIsRead(t *testing.T) {
	k := keeper()
	read, write := io.Pipe()
	defer write.Close()
	var all sync.WaitGroup
	results := make(chan error, 10)
	for range cap(results) {
		all.Go(func() {
			_, err := k.Keep(context.Background(), anna, resend.Form{}, read, -1, time.Now())
			results <- err
		})
	}
	for range cap(results) - 4 {
		if err := <-results; !errors.Is(err, resend.ErrFull) {
			t.Errorf("kept waiting for a body: %v", err)
		}
	}
	read.CloseWithError(errors.New("gone"))
	all.Wait()
	if n := count(t, k.Store); n != 0 {
		t.Errorf("%d bodies without an end were kept", n)
	}
}

// TestSealedAtRest: neither the file nor a name of a counter shows what was typed.
func TestSealedAtRest(t *testing.T) {
	key, err := seal.NewKey(bytes.Repeat([]byte{7}, seal.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	below := memstore.New()
	sealed, err := seal.Wrap(t.Context(), below, key)
	if err != nil {
		t.Fatal(err)
	}
	k := &resend.Keeper{Store: sealed}
	f := form()
	f.Body = []byte("password=swordfish-of-anna")
	id := keep(t, k, f)
	raw, err := below.Get(t.Context(), resend.Kind, id)
	if err != nil {
		t.Fatal(err)
	}
	all := fmt.Sprintf("%+v %s", raw, raw.Payload)
	for _, secret := range []string{"swordfish", "save", anna.Bond, "cGFzc3dvcmQ9"} {
		if strings.Contains(all, secret) {
			t.Errorf("%q is in the file", secret)
		}
	}
	if got, err := k.Redeem(t.Context(), id, anna, address); err != nil || !bytes.Equal(got.Body, f.Body) {
		t.Errorf("%s: %v", got, err)
	}
}

// TestStoreFails: what the store cannot do has not happened, and is never taken for
// another person's doing.
func TestStoreFails(t *testing.T) {
	failing := &storetest.Failing{Store: memstore.New()}
	k := &resend.Keeper{Store: failing}
	id := keep(t, k, form())
	failing.Break(store.ErrFull)
	if _, err := k.Keep(t.Context(), anna, form(), strings.NewReader("x"), 1, time.Now()); !errors.Is(err, store.ErrFull) {
		t.Errorf("kept: %v", err)
	}
	if f, err := k.Redeem(t.Context(), id, anna, address); !errors.Is(err, store.ErrFull) || f.Body != nil {
		t.Errorf("given back: %v", err)
	}
	other := anna
	other.Bond = "x"
	if _, err := k.Look(t.Context(), id, other); !errors.Is(err, store.ErrFull) {
		t.Errorf("said to be destroyed: %v", err)
	}
	failing.Break(nil)
	if _, err := k.Redeem(t.Context(), id, anna, address); err != nil {
		t.Error(err)
	}
}

// TestNoSecretInText: a form that ends up in a log shows nothing.
func TestNoSecretInText(t *testing.T) {
	f := form()
	f.Body = []byte("password=swordfish")
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		for _, value := range []any{f, &f} {
			if text := fmt.Sprintf(verb, value); strings.Contains(text, "swordfish") || strings.Contains(text, "wiki") {
				t.Errorf("%s: %s", verb, text)
			}
		}
	}
}
