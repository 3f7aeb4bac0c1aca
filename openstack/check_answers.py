# SPDX-License-Identifier: GPL-2.0-or-later
"""What a service, or something in front of it, answers instead of what was asked for: too many requests, not now, a
page for people, half of a document."""
from between import Between
from case import Case, kvmtune

PAGE = (200, [("Content-Type", "text/html")], b"<html><body>Please sign in to the guest network</body></html>")
HALF = (200, [("Content-Type", "application/json")], b'{"servers": [{"id": "00000000')


def busy(status, seconds=None):
    headers = [("Content-Type", "text/plain")] + ([("Retry-After", str(seconds))] if seconds else [])
    return status, headers, b"not now"


class Instead:
    """For Between: gives these answers, one after the other, for the requests that are meant."""

    def __init__(self, meant, *answers):
        self.meant, self.answers, self.given = meant, answers, []

    def __call__(self, request, *_):
        if len(self.given) == len(self.answers) or not self.meant(request):
            return None
        self.given.append(request)
        return self.answers[len(self.given) - 1]


def lists_servers(request):
    return "/servers/detail" in request.url


def resizes(request):
    return request.changes("resize")


def looks_after(server):
    """Whose resize was asked for."""
    asked = []

    def meant(request):
        asked.extend([request] if resizes(request) else [])
        return asked and request.method == "GET" and request.url.endswith("/servers/" + server)
    return meant


def resized(*answers, after=False):
    """An apply whose resize is answered so; the run, and how often it was asked for."""
    case = Case().plan()
    instead = Instead(resizes, *answers)
    with Between(**{"after" if after else "before": instead}) as between:
        run = case.apply(between=between)
    assert instead.given, "nothing was resized: %s" % run
    return case, run, len([r for r in between.seen if resizes(r)])


# ---- 429 and 503 ----

def asked_again(status, seconds):
    """A question is asked again as soon as the service wants, and answered."""
    Case()
    instead = Instead(lists_servers, busy(status, seconds), busy(status, seconds))
    with Between(before=instead) as between:
        kvmtune("cloud", "doctor", between=between).says(1)
    asked = [r.at for r in between.seen if lists_servers(r)]
    assert len(instead.given) == 2 and len(asked) >= 3, asked
    assert not seconds or min(asked[1] - asked[0], asked[2] - asked[1]) >= seconds, asked


def test_a_question_429():
    asked_again(429, None)


def test_a_question_429_with_retry_after():
    asked_again(429, 2)


def test_a_question_503():
    asked_again(503, None)


def test_a_question_503_with_retry_after():
    asked_again(503, 2)


def test_a_question_503_that_is_to_wait_an_hour():
    with Between(before=Instead(lists_servers, busy(503, 3600))) as between:
        kvmtune("cloud", "doctor", between=between).says(2, "503")
    assert len([r for r in between.seen if lists_servers(r)]) == 1


def test_a_change_429():
    case, run, asked = resized(busy(429), busy(429, 1))
    run.says(0)
    assert asked == 3, asked
    case.is_cured()


def test_a_change_429_that_does_not_end():
    case, run, asked = resized(*[busy(429)] * 100)
    run.says(2, "429")
    assert 1 < asked < 10, asked
    case.is_back()


def test_a_change_503_that_nova_has_not_seen():
    """Whether it has is not known: it is not sent a second time."""
    for seconds in (None, 1):
        case, run, asked = resized(*[busy(503, seconds)] * 100)
        run.says(2, "503")
        assert asked == 1, asked
        case.is_back()


def test_a_change_503_that_nova_has_done():
    case, run, asked = resized(busy(503, 1), after=True)
    run.says(0)
    assert asked == 1, asked
    case.is_cured()


# ---- not JSON ----

def test_a_list_that_is_not_json():
    for answer in (PAGE, HALF):
        with Between(after=Instead(lists_servers, answer)) as between:
            run = kvmtune("cloud", "doctor", between=between).says(2, "/servers/detail")
        assert "guest network" not in run.err, run.err


def test_a_sign_in_that_is_not_json():
    for answer in (PAGE, (201, [("Content-Type", "application/json"), ("X-Subject-Token", "secret")], b'{"token": {')):
        with Between(after=Instead(lambda r: "/auth/tokens" in r.url, answer)) as between:
            run = kvmtune("cloud", "doctor", between=between).says(2, "/auth/tokens")
        assert "guest network" not in run.err and "secret" not in run.err, run.err


def test_a_page_for_people_instead_of_a_change():
    """Nova has not seen it, though the answer says 200."""
    case, run, asked = resized(*[PAGE] * 100)
    run.says(2, "resize")
    assert asked == 1, asked
    case.is_back()


def test_a_page_for_people_behind_each_change():
    case = Case().plan()
    instead = Instead(lambda r: r.method == "POST" and "/auth/" not in r.url, *[PAGE] * 100)
    with Between(after=instead) as between:
        case.apply(between=between).says(0)
    assert len(instead.given) == 4, instead.given  # the flavor, its keys, the resize, its confirmation
    case.is_cured()


def test_all_of_these_while_it_waits():
    case = Case().plan()
    answers = busy(429), busy(429, 1), busy(503), busy(503, 1), PAGE, HALF
    instead = Instead(looks_after(case.server), *answers)
    with Between(before=instead) as between:
        case.apply(between=between).says(0)
    assert len(instead.given) == len(answers)
    case.is_cured()
