# SPDX-License-Identifier: GPL-2.0-or-later
"""What happens on the way: tokens, connections and answers that are lost, a service that is away, kvmtune killed."""
import contextlib
import re
import signal
import time

from between import Between, Cut
from case import STATE, Case, admin, kvmtune, rig

def killer(case_run, what, after):
    """For Between: kills kvmtune before, or after, the request that does `what` has reached Nova."""
    def act(request, *_):
        if request.changes(what):
            case_run[0].kill()
            if not after:
                raise Cut()
    return {"after" if after else "before": act}


def test_a_token_that_is_revoked_in_the_middle_401():
    case = Case().plan()
    revoked = []

    def revoke(request):
        if request.changes("resize") and not revoked:
            revoked.append(request.token)
            admin.ask("DELETE", admin.auth["auth_url"] + "/auth/tokens", headers={"X-Subject-Token": request.token})
            time.sleep(1.5)  # for so long Nova takes it unasked
    answers = []
    with Between(before=revoke, after=lambda r, status: answers.append(status)) as between:
        case.apply(between=between).says(0)
    assert revoked and 401 in answers, answers
    case.is_cured()


@contextlib.contextmanager
def tokens_for(seconds):
    """Good for so long, from Keystone."""
    path = STATE + "/etc/keystone.conf"
    with open(path, encoding="utf-8") as file:
        text = file.read()
    try:
        write_keystone(path, re.sub(r"(?m)^expiration = .*", "expiration = %d" % seconds, text))
        yield
    finally:
        write_keystone(path, text)


def write_keystone(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    rig("restart", "keystone")


def test_a_token_that_expires_while_kvmtune_waits_401():
    case = Case().plan()
    good_for, resized, answers = 20, [], []

    def hold(request):
        """The first look at a server that is being resized, until the token of the look is no good any more."""
        if request.changes("resize"):
            resized.append(request)
        elif len(resized) == 1 and request.token == resized[0].token:
            resized.append(request)
            time.sleep(good_for + 1)
    with tokens_for(good_for):
        with Between(before=hold, after=lambda r, status: answers.append((r, status))) as between:
            case.apply(between=between).says(0)
    assert (resized[1], 401) in answers, [status for _, status in answers]
    case.is_cured()


def test_connections_and_answers_that_are_cut():
    cut = []

    def drop(request, *_):
        if "/servers/detail" in request.url and len(cut) < 2:
            cut.append(request.url)
            raise Cut()
    with Between(before=drop) as between:
        kvmtune("cloud", "doctor", between=between).says(1)
    cut.clear()
    with Between(after=drop) as between:
        kvmtune("cloud", "doctor", between=between).says(1)
    assert len(cut) == 2


def test_an_answer_to_a_change_that_is_cut():
    case = Case().plan()

    def drop(request, *_):
        if request.changes("resize"):
            raise Cut()
    with Between(after=drop) as between:
        run = case.apply(between=between)
    if run.status == 0:
        case.is_cured()
        return
    run.says(2)
    case.tool("rollback", "last", "--yes")
    admin.wait(case.server, "ACTIVE")
    case.is_back()


def test_nova_restarted_while_kvmtune_waits():
    case = Case().plan()
    restarted = []

    def restart(request, *_):
        if case.server in request.url and request.method == "GET" and not restarted and any(
                r.changes("resize") for r in between.seen):
            if admin.show(case.server)["status"] == "VERIFY_RESIZE":
                restarted.append(1)
                rig("kill", "nova")
                rig("start", "nova")
    with Between(before=restart) as between:
        case.apply(between=between).says(0)
    assert restarted
    case.is_cured()


def test_nova_down_is_one_line():
    rig("kill", "nova")
    try:
        kvmtune("cloud", "doctor", "--timeout", "5").says(2)
    finally:
        rig("start", "nova")


def killed(what, after, state):
    """kvmtune is killed there, and Nova comes to that state; what is rolled back then is as before, and can be done again."""
    case = Case().plan()
    run = []
    with Between(**killer(run, what, after)) as between:
        run.append(case.start(between=between))
        run[0].end()
    assert run[0].status == -signal.SIGKILL, str(run[0])
    for _ in range(100):
        now = admin.show(case.server)
        if now["status"] == state and not now["OS-EXT-STS:task_state"]:
            break
        time.sleep(0.2)
    assert now["status"] == state, now["status"]
    assert case.history(), "nothing was written down"
    back = case.tool("rollback", "last", "--yes")
    assert back.status in (0, 1), str(back)
    admin.wait(case.server, "ACTIVE")
    case.is_back()


def test_killed_before_the_flavor():
    killed("flavor", False, "ACTIVE")


def test_killed_after_the_flavor():
    killed("flavor", True, "ACTIVE")


def test_killed_after_its_keys():
    killed("extra_specs", True, "ACTIVE")


def test_killed_before_the_resize():
    killed("resize", False, "ACTIVE")


def test_killed_after_the_resize():
    killed("resize", True, "VERIFY_RESIZE")


def test_killed_before_it_is_confirmed():
    killed("confirmResize", False, "VERIFY_RESIZE")


def test_killed_after_it_is_confirmed():
    killed("confirmResize", True, "ACTIVE")


