"""The small commands, in tables of what they print."""

from __future__ import annotations

import pytest

from tests.unit.cri.programs.conftest import Box
from webapp.cri.programs.files.skeleton import BUSYBOX, DEBIAN
from webapp.cri.programs.userland import Limits

COMMANDS = [
    ("echo -n a; echo -e 'b\\tc'; echo -E 'd\\n'", "ab\tc\nd\\n\n", 0),
    ("printf '%s-%03d|%5.1f|%x\\n' a 7 2.25 255", "a-007|  2.2|ff\n", 0),
    ("printf '%s\\n' a b; printf '%d%%\\n' 5", "a\nb\n5%\n", 0),
    ("seq 2 2 6; seq -s, 3; seq -w 9 10", "2\n4\n6\n1,2,3\n09\n10\n", 0),
    ("printf 'b\\na\\nb\\n' | sort | uniq -c", "      1 a\n      2 b\n", 0),
    ("printf '10\\n9\\n' | sort -n; printf 'a 2\\nb 1\\n' | sort -k2 -r", "9\n10\na 2\nb 1\n", 0),
    ("printf 'a:b:c\\n' | cut -d: -f1,3; echo hello | cut -c2-4", "a:c\nell\n", 0),
    ("echo Hello | tr a-z A-Z; echo a1b2 | tr -d 0-9; echo aabb | tr -s ab", "HELLO\nab\nab\n", 0),
    (
        "printf 'one two\\nthree\\n' | wc; printf 'x\\n' > /f; wc -l /f",
        "        2         3        14\n1 /f\n",
        0,
    ),
    (
        "printf 'a\\nb\\nc\\n' | head -2; printf 'a\\nb\\nc\\n' | tail -n +2; echo abc | head -c 2",
        "a\nb\nb\nc\nab",
        0,
    ),
    (
        "printf 'foo\\nbar\\n' > /f; grep -n o /f; grep -c . /f; grep -q nope /f; echo $?",
        "1:foo\n2\n1\n",
        0,
    ),
    (
        "printf 'a1\\nb2\\n' | grep -E '^[a-z][0-9]$' | grep -v b; echo xAy | grep -io a",
        "a1\nA\n",
        0,
    ),
    (
        "echo 'a.b' | grep -F . ; grep '(a+)+$' -E /etc/passwd; echo $?",
        "a.b\ngrep: pattern too expensive: not modelled by Podarium\n2\n",
        0,
    ),
    (
        "echo hello | sed 's/l/L/g; s/^/> /'; printf 'a\\nb\\nc\\n' | sed -n '2p'; printf 'a\\nb\\n' | sed 1d",
        "> heLLo\nb\nb\n",
        0,
    ),
    (
        "echo ab12 | sed -E 's/([a-z]+)([0-9]+)/\\2\\1/'; echo x=1 > /f; sed -i s/1/2/ /f; cat /f",
        "12ab\nx=2\n",
        0,
    ),
    (
        "echo -n hi | base64; echo aGk= | base64 -d; echo; echo '!' | base64 -d",
        "aGk=\nhi\nbase64: invalid input\n",
        1,
    ),
    (
        "printf a | md5sum; printf a | sha256sum | cut -c1-8",
        "0cc175b9c0f1b6a831c399e269772661  -\nca978112\n",
        0,
    ),
    ("basename /a/b.txt .txt; dirname /a/b; basename /; dirname x", "b\n/a\n/\n.\n", 0),
    (
        "mkdir -p /a/b && touch /a/b/c && ls -R /a; rmdir /a; echo $?",
        "/a:\nb\n\n/a/b:\nc\nrmdir: '/a': Directory not empty\n1\n",
        0,
    ),
    (
        "mkdir /a; echo x > /a/f; cp -r /a /b; mv /b/f /g; ls /b; cat /g; rm -r /a; ls /a",
        "x\nls: /a: No such file or directory\n",
        1,
    ),
    ("touch /f; rm /f; rm /f; rm -f /f", "rm: can't remove '/f': No such file or directory\n", 0),
    (
        "echo x > /t; ln -s /t /l; cat /l; readlink /l; ls -l /l | cut -c1-10",
        "x\n/t\nlrwxrwxrwx\n",
        0,
    ),
    (
        "ln -s /loop /loop; cat /loop",
        "cat: can't open '/loop': Too many levels of symbolic links\n",
        1,
    ),
    (
        "touch /f; chmod 755 /f; stat -c '%a %s' /f; chmod a-x,u+w /f; stat -c %a /f",
        "755 0\n644\n",
        0,
    ),
    (
        "mkdir -p /a/b; touch /a/x.log /a/b/y.log; find /a -name '*.log'; find /a -type d | wc -l",
        "/a/b/y.log\n/a/x.log\n3\n".replace("3\n", "2\n"),
        0,
    ),
    ("touch /t1; find / -maxdepth 1 -name 't1' -exec echo got {} \\;", "got /t1\n", 0),
    (
        "printf 'a b\\nc\\n' | xargs -n 1 echo -; printf 'x\\n' | xargs -I{} echo [{}]",
        "- a\n- b\n- c\n[x]\n",
        0,
    ),
    (
        "id; id -u; whoami; hostname; hostname -i; pwd; uname",
        "uid=0(root) gid=0(root) groups=0(root)\n0\nroot\nbox\n10.244.0.2\n/\nLinux\n",
        0,
    ),
    ("date -u +%Y-%m-%d; date -d @0 +%s", "2026-09-21\n0\n", 0),
    ("env | grep NAME; printenv NAME; env -i A=1 /bin/env", "NAME=world\nworld\nA=1\n", 0),
    ("expr 2 + 3 '*' 4; expr abc : 'a\\(.\\)'; expr 1 = 2", "14\nb\n0\n", 1),
    (
        "dd if=/dev/zero of=/f bs=1M count=3 2>/dev/null; ls -l /f | tr -s ' ' | cut -d' ' -f5; du -h /f",
        "3145728\n3.0M\t/f\n",
        0,
    ),
    ("echo log > /dev/stderr; echo out > /dev/stdout; cat /dev/null", "log\nout\n", 0),
    ("ps | head -2", "PID   USER     TIME  COMMAND\n    1 root      0:00 sh -c ps | head -2\n", 0),
    ("echo a | tee /f /g; cat /f /g", "a\na\na\n", 0),
    ("which ls nosuch; echo $?", "/bin/ls\n1\n", 0),
    ("time sleep 2 2>&1 | head -1", "real\t0m 2.00s\n", 0),
    ("timeout 1 echo fast; sleep abc", "fast\nsleep: invalid number 'abc'\n", 1),
    ("python3 x.py; echo $?", "sh: python3: not found\n127\n", 0),
    ("nslookup web", ";; connection timed out; no servers could be reached\n\n", 1),
    ("wget -q -O- http://web:8080/x", "wget: bad address 'web:8080'\n", 1),
    (
        "wget http://127.0.0.1/",
        "Connecting to 127.0.0.1 (127.0.0.1:80)\nwget: can't connect to remote host (127.0.0.1): Connection refused\n",
        1,
    ),
    (
        "curl -s http://web; echo $?; curl http://127.0.0.1:81",
        "6\ncurl: (7) Failed to connect to 127.0.0.1 port 81 after 1 ms: Could not connect to server\n",
        7,
    ),
    ("nc -z 127.0.0.1 80; echo $?", "1\n", 0),
    ("ping -c 1 127.0.0.1 | grep -c seq=0", "1\n", 0),
]


@pytest.mark.parametrize(("script", "output", "code"), COMMANDS)
def test_commands(box: Box, script: str, output: str, code: int) -> None:
    """Output and exit code as busybox gives them, or curl."""
    assert box.sh(script) == (output, code)


def test_tail_follows_a_file_that_grows(box: Box) -> None:
    """What is added appears within a second."""
    output, _ = box.sh("touch /log; (sleep 3; echo later >> /log) & timeout 6 tail -f /log")

    assert output == "later\n"


def test_tools_of_debian_speak_gnu() -> None:
    """The same failure in other words."""
    box = Box(kind=DEBIAN, style="gnu")

    assert box.sh("cat /x; nosuch") == (
        "cat: /x: No such file or directory\nsh: 1: nosuch: not found\n",
        127,
    )


@pytest.mark.parametrize(
    ("kind", "missing"), [(BUSYBOX, "curl"), (BUSYBOX, "bash"), (DEBIAN, "wget")]
)
def test_images_lack_what_they_lack(kind: str, missing: str) -> None:
    """There is no curl in busybox."""
    assert Box(kind=kind).sh(f"{missing} x")[1] == 127


def test_a_read_only_file_system_says_so() -> None:
    """readOnlyRootFilesystem."""
    assert Box(read_only=True).sh("echo x > /f") == (
        "sh: can't create /f: Read-only file system\n",
        1,
    )


def test_stress_beyond_the_limit_ends_the_container() -> None:
    """The limit's owner is told."""
    box = Box(limits=Limits(memory_bytes=100 << 20))
    killed: list[int] = []
    box.userland.on_out_of_memory = lambda: killed.append(box.sim.now_ms)

    box.run("stress", "--vm", "1", "--vm-bytes", "250M", "--vm-hang", "1", seconds=5)

    assert len(killed) == 1
    assert box.userland.memory_bytes == 250 << 20


def test_a_tight_cpu_limit_slows_work_down() -> None:
    """A tenth of a core takes ten times as long."""
    script = "for i in $(seq 1 500); do cat /dev/null; done"
    took = []
    for millis in (0, 100):
        box = Box(limits=Limits(cpu_millis=millis))
        invocation, _ = box.start("sh", "-c", script)
        while invocation.exit_code is None:
            box.sim.step()
        took.append(box.sim.now_ms - box.sim.clock.start_ms)

    assert 8 < took[1] / took[0] < 12


@pytest.mark.parametrize(
    "script",
    [
        "uniq -z; tr -Q a b; mkdir -Z x; date -d x; touch -Z",
        "head -n x; tail -c y; cut -f a-b; xargs -n x; seq 1 x; sleep -1; nl -z",
        "printf %d x; printf; expr; expr 1 +; sed; sed k; grep; grep '['; find -foo; kill; kill x",
        "getopts; read -n x y; read -t z y; local; trap x NOSIG; shift 9; export 1=2; declare -i",
        "cut -d '' -f1 /etc/passwd; chmod q /etc; dd bs=x; truncate -s x; stat; ls -@; find -size x",
        "mkdir -p $(yes a/ | head -500 | tr -d '\\n'); cd /nope; cp; mv; ln; nc; ping; wget; curl",
        "timeout x y; env -u; nohup; nice; time; stress --vm x; base64 -w x; sort -k x; wc -z; tee -z",
        "[ ( ]; [ 1 -eq ]; test -f; [ a b c d e ]; eval 'if'; . /nosuch; exec nosuch",
    ],
)
def test_senseless_words_are_the_commands_own_failure(script: str) -> None:
    """No input of a person ends the simulation."""
    for line in script.split("; "):
        output, code = Box().run("sh", "-c", line, stdin=b"a b\n", seconds=30)

        assert code is not None
        assert output or code >= 0
