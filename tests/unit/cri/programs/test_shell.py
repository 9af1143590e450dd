"""The shell: scripts in, output and exit codes out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit.cri.programs.conftest import Box
from webapp.cri.command_program import command_problem
from webapp.cri.programs.shell.parser import parse_script
from webapp.cri.programs.shell.problems import ShellSyntaxError

if TYPE_CHECKING:
    from webapp.cri.programs.userland import Invocation

SCRIPTS = [
    # Lists and exit codes
    ("echo a; echo b", "a\nb\n", 0),
    ("echo a && false || echo c", "a\nc\n", 0),
    ("false && echo never", "", 1),
    ("exit 3", "", 3),
    ("exit 300", "", 44),
    ("! true; echo $?; ! false; echo $?", "1\n0\n", 0),
    ("(exit 4); echo $?", "4\n", 0),
    ("nosuch; echo $?", "sh: nosuch: not found\n127\n", 0),
    ("touch /f; /f", "sh: /f: Permission denied\n", 126),
    ("# nothing\necho x # comment", "x\n", 0),
    ("x=1 y=2\necho $x$y", "12\n", 0),
    ("{ echo a; echo b; } | wc -l", "2\n", 0),
    # Quotes
    ("echo '$NAME' \"$NAME\" $NAME", "$NAME world world\n", 0),
    ('echo "two  spaces" two  spaces', "two  spaces two spaces\n", 0),
    ("echo a\\ b 'it'\\''s'", "a b it's\n", 0),
    ('echo "a\\$b\\"c"', 'a$b"c\n', 0),
    ("echo a\\\nb", "ab\n", 0),
    ("printf '%s\\n' \"\" x", "\nx\n", 0),
    # Variables
    ("x=5; echo ${x}y $x", "5y 5\n", 0),
    ("echo ${v:-d} ${v-e} ${NAME:-d} ${NAME:+set} [${v:+set}]", "d e world set []\n", 0),
    ("echo ${v:=a b}; echo $v", "a b\na b\n", 0),
    ("echo ${v:?is missing}; echo never", "sh: v: is missing\n", 2),
    ("v=a/b/c.txt; echo ${v#*/} ${v##*/} ${v%/*} ${v%%/*} ${#v}", "b/c.txt c.txt a/b a 9\n", 0),
    ("v=aXbXc; echo ${v/X/-} ${v//X/-} ${v:1:2} ${v: -1}", "a-bXc a-b-c Xb c\n", 0),
    ("x='a  b'; set -- $x; echo $#; set -- \"$x\"; echo $#", "2\n1\n", 0),
    ("IFS=:; v=a:b::c; set -- $v; echo $#", "4\n", 0),
    ('set -- "a b" c; for i in "$@"; do echo "[$i]"; done', "[a b]\n[c]\n", 0),
    ('set -- "a b" c; for i in $*; do echo "[$i]"; done; echo "$*"', "[a]\n[b]\n[c]\na b c\n", 0),
    ("set -- a b c; shift; echo $1 $# ; shift 2; echo $#", "b 2\n0\n", 0),
    ("X=1 env | grep ^X; echo [$X]", "X=1\n[]\n", 0),
    ("export A=1; B=2; sh -c 'echo $A$B'", "1\n", 0),
    ("unset NAME; echo [$NAME]", "[]\n", 0),
    ("readonly r=1; r=2; echo never", "sh: r: is read only\n", 2),
    ("a=x; a=$a$a; a=$a$a; echo $a", "xxxx\n", 0),
    ("echo ~ ~/x '~'", "/root /root/x ~\n", 0),
    ("set -u; echo $nosuch; echo never", "sh: nosuch: parameter not set\n", 2),
    # Substitution and arithmetic
    ('echo $(echo a; echo b) "$(echo a; echo b)"', "a b a\nb\n", 0),
    ("echo `echo x`$(echo $(echo y))", "xy\n", 0),
    ("x=$(exit 3); echo $?", "3\n", 0),
    (
        "echo $((1 + 2 * 3)) $(( (1+2)*3 )) $((7/2)) $((-7/2)) $((-7%3)) $((2**10))",
        "7 9 3 -3 -1 1024\n",
        0,
    ),
    ("i=3; echo $((i++)) $i $((i+=2)) $((i>4 ? 1 : 0)) $((0x10)) $((010))", "3 4 6 1 16 8\n", 0),
    ("echo $((1/0)); echo never", "sh: divide by zero\n", 2),
    ("i=0; while [ $i -lt 3 ]; do i=$((i+1)); done; echo $i", "3\n", 0),
    # Control
    ("if true; then echo a; else echo b; fi", "a\n", 0),
    ("if false; then echo a; elif true; then echo b; fi", "b\n", 0),
    ("for i in 1 2 3; do echo $i; done", "1\n2\n3\n", 0),
    ("for i in 1 2 3; do [ $i = 2 ] && continue; echo $i; done", "1\n3\n", 0),
    (
        "for i in a b; do for j in 1 2; do [ $j = 2 ] && continue 2; echo $i$j; done; done",
        "a1\nb1\n",
        0,
    ),
    ("while true; do while true; do break 2; done; done; echo out", "out\n", 0),
    ("until [ -f /f ]; do touch /f; done; ls /f", "/f\n", 0),
    ("case abc in x) echo x;; a*|b) echo hit;; *) echo other;; esac", "hit\n", 0),
    (
        "case 'a*' in a\\*) echo star;; esac; case 7 in [0-5]) echo low;; [!0-5]) echo high;; esac",
        "star\nhigh\n",
        0,
    ),
    ("f() { echo $1 $#; return 4; }; f a b; echo $?", "a 2\n4\n", 0),
    ("f() { local x=1; x=2; }; x=9; f; echo $x", "9\n", 0),
    (
        "fact() { [ $1 -le 1 ] && echo 1 || echo $(( $1 * $(fact $(($1-1))) )); }; fact 6",
        "720\n",
        0,
    ),
    ("eval 'x=1; echo $x'", "1\n", 0),
    ("echo 'y=7' > /lib.sh; . /lib.sh; echo $y", "7\n", 0),
    # Options
    ("set -e; false; echo never", "", 1),
    ("set -e; false || echo a; if false; then :; fi; echo b", "a\nb\n", 0),
    ("set -x; echo a", "+ echo a\na\n", 0),
    ("set -o pipefail; false | true; echo $?", "1\n", 0),
    # Redirection
    ("echo a > /f; echo b >> /f; cat /f; cat < /f", "a\nb\na\nb\n", 0),
    ("ls /nosuch 2>/dev/null; echo $?", "1\n", 0),
    ("ls /nosuch > /f 2>&1; cat /f", "ls: /nosuch: No such file or directory\n", 0),
    ("{ echo a; echo b >&2; } 2>/dev/null", "a\n", 0),
    ("echo x > /no/such/f; echo $?", "sh: can't create /no/such/f: nonexistent directory\n1\n", 0),
    ("cat < /nosuch; echo $?", "sh: can't open /nosuch: no such file\n1\n", 0),
    ("exec > /f; echo hidden; exec >&2; cat /f", "hidden\n", 0),
    ('while read -r a b; do echo "$b-$a"; done < /f', "sh: can't open /f: no such file\n", 1),
    ("printf '1 2\\n3 4\\n' | while read a b; do echo $b$a; done", "21\n43\n", 0),
    ("cat <<EOF\nhi $NAME $((1+1))\nEOF", "hi world 2\n", 0),
    ("cat <<'EOF' | tr a-z A-Z\nhi $NAME\nEOF", "HI $NAME\n", 0),
    ("cat <<-EOF > /f && cat /f\n\tindented\n\tEOF", "indented\n", 0),
    ("x=$(cat <<EOF\ninside\nEOF\n); echo $x", "inside\n", 0),
    # Pipes
    ("seq 1 5 | grep -v 3 | tail -n 2", "4\n5\n", 0),
    ("yes | head -n 2", "y\ny\n", 0),
    ("echo a | { read x; echo got $x; }", "got a\n", 0),
    ("x=1; echo | x=2; echo $x", "1\n", 0),
    # Globbing
    ("cd /tmp; touch b.txt a.txt c.log; echo *.txt *.none", "a.txt b.txt *.none\n", 0),
    ("cd /tmp; touch a1 a2; for f in a?; do echo $f; done; echo 'a?' \"a?\"", "a1\na2\na? a?\n", 0),
    ("set -f; echo /*; set +f", "/*\n", 0),
    # Jobs and signals
    ("sleep 100 & kill $!; wait $!; echo $?", "143\n", 0),
    ("(exit 7) & wait $!; echo $?", "7\n", 0),
    ("sleep 1 & sleep 2 & wait; echo $?", "0\n", 0),
    ("trap 'echo bye' EXIT; echo hi; exit 2", "hi\nbye\n", 2),
    ("trap 'echo got' TERM; kill -TERM $$; echo after", "got\nafter\n", 0),
    ("trap '' TERM; kill $$; echo alive", "alive\n", 0),
    ("kill -9 $$; echo alive", "alive\n", 0),
    ("timeout 2 sleep 10; echo $?", "143\n", 0),
    ("exec sleep 1; echo never", "", 0),
    ("sh -c 'echo $0 $1' name arg", "name arg\n", 0),
    (
        "echo 'echo from script $1' > /s; chmod +x /s; /s x; sh /s y",
        "from script x\nfrom script y\n",
        0,
    ),
    ("printf '#!/bin/sh\\nexit 9\\n' > /s; chmod 755 /s; /s; echo $?", "9\n", 0),
    ("getopts ab: o -a; echo $o; getopts ab: o -a -b v; echo $o $OPTARG", "a\nb v\n", 0),
    (
        "command -v ls; command -v nosuch; echo $?; type cd",
        "/bin/ls\n127\ncd is a shell builtin\n",
        0,
    ),
    ("test 1 -lt 2 && [ a != b ] && [ ! -e /x ] && [ -d /tmp ] && [ -n x -a -z '' ]", "", 0),
    ("[ 1 -eq x ]", "sh: x: bad number\n", 2),
]

BASH_SCRIPTS = [
    ("echo {1..3} a{b,c}d {x..z}", "1 2 3 abd acd x y z\n", 0),
    ("[[ abc == a* && -n x ]] && echo yes", "yes\n", 0),
    ("[[ web-12 =~ -([0-9]+)$ ]] && echo ${BASH_REMATCH[1]}", "12\n", 0),
    ("a=(x y z); echo ${a[1]} ${#a[@]} ${a[@]}", "y 3 x y z\n", 0),
    ("for ((i=0; i<3; i++)); do echo $i; done", "0\n1\n2\n", 0),
    ("((x = 3 + 4)); echo $x; (( x > 10 )) || echo small", "7\nsmall\n", 0),
    ("cat <<< hello", "hello\n", 0),
    ("v=abc; echo ${v^^} ${v^}", "ABC Abc\n", 0),
    ("nosuch", "bash: line 1: nosuch: command not found\n", 127),
    ("echo a &> /f; cat /f", "a\n", 0),
]


@pytest.mark.parametrize(("script", "output", "code"), SCRIPTS)
def test_scripts(box: Box, script: str, output: str, code: int) -> None:
    """Output and exit code as ash gives them."""
    assert box.sh(script) == (output, code)


@pytest.mark.parametrize(("script", "output", "code"), BASH_SCRIPTS)
def test_bash_scripts(box: Box, script: str, output: str, code: int) -> None:
    """What bash has on top."""
    assert box.sh(script, "bash") == (output, code)


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("if true; then", 'syntax error: missing "fi"'),
        ("echo 'abc", "syntax error"),
        ("select x in a; do :; done", "select: not modelled by Podarium"),
        ("cat <<EOF", 'here-document "EOF" without text'),
    ],
)
def test_what_cannot_be_parsed_is_said(script: str, message: str) -> None:
    """One line says what is wrong."""
    with pytest.raises(ShellSyntaxError, match=message):
        parse_script(script)


def test_a_script_that_cannot_be_parsed_ends_with_2(box: Box) -> None:
    """As a shell does, and its output says why."""
    output, code = box.sh("select x in a; do :; done")

    assert (output, code) == ("sh: select: not modelled by Podarium\n", 2)


def test_sleep_takes_virtual_time_in_the_background(box: Box) -> None:
    """A sleeping container does not keep the world busy."""
    invocation, _ = box.start("sleep", "1h")

    box.sim.run_for(3_599_000)
    assert invocation.exit_code is None
    assert box.sim.is_idle
    box.sim.run_for(2_000)
    assert invocation.exit_code == 0


def test_a_loop_with_a_sleep_costs_nothing_between(box: Box) -> None:
    """A few events a round, however long the round is."""
    box.start("sh", "-c", "while true; do sleep 60; done")

    box.sim.run_for(3_600_000)

    assert box.sim.events_processed < 60 * 6


def test_a_loop_without_a_sleep_moves_virtual_time_and_not_the_host(box: Box) -> None:
    """It is slowed to a statement a millisecond; the CPU that it uses is counted."""
    box.start("sh", "-c", "while :; do :; done")

    box.sim.run_for(60_000)

    assert box.sim.events_processed < 130_000
    assert box.userland.cpu.used_us > 50_000_000


@pytest.mark.parametrize(
    "script",
    [
        "f() { f | f & }; f; sleep 100",
        "x=a; while :; do x=$x$x; done",
        "f() { f; }; f",
        "while :; do echo x >> /f; cat /f >> /g; done",
        "cat > /s <<E\nsh /s\nE\nsh /s",
        "echo 'exec sh /s' > /s; sh /s",
        "set -- $(seq 1 1000000)",
        "seq 1 100000000 > /f",
        "dd if=/dev/zero of=/f bs=1G count=1000",
        "yes > /f",
    ],
)
def test_greed_is_bounded(box: Box, script: str) -> None:
    """Fork bombs, endless growth and recursion end by themselves or stay small."""
    box.run("sh", "-c", script, seconds=20)

    assert len(box.userland.processes) <= 200
    assert box.userland.files.quota.held_bytes <= 4 << 20


def test_commands_say_when_they_cannot_start_another(box: Box) -> None:
    """The table of processes is full; whoever asks from outside is told as well."""
    box.start("sh", "-c", "for i in $(seq 1 300); do sleep 100 & done; env true; exec env true")
    box.sim.run_for(20_000)

    problem = command_problem(box.userland, ("ls",), {})

    assert problem == 'exec: "ls": resource temporarily unavailable' or not problem
    assert len(box.userland.processes) <= 200


def run_first(box: Box, script: str) -> Invocation:
    invocation, _ = box.start("sh", "-c", script)
    box.sim.run_for(1_000)
    return invocation


def test_the_first_process_ignores_what_it_does_not_handle(box: Box) -> None:
    """SIGTERM does nothing to a plain shell as process 1; SIGKILL from outside ends it."""
    first = run_first(box, "while true; do sleep 1; done")

    box.userland.signal(first, 15, outside=True)
    box.sim.run_for(5_000)
    assert first.exit_code is None

    box.userland.signal(first, 9, outside=True)
    box.sim.run_for(1)
    assert first.exit_code == 137


def test_a_trap_waits_for_the_command_in_front(box: Box) -> None:
    """A handler runs when the sleep before it has ended."""
    first = run_first(box, "trap 'exit 5' TERM; while true; do sleep 10; done")

    box.userland.signal(first, 15, outside=True)
    box.sim.run_for(8_000)
    assert first.exit_code is None

    box.sim.run_for(2_000)
    assert first.exit_code == 5


def test_a_trap_interrupts_wait(box: Box) -> None:
    """``sleep & wait`` reacts at once."""
    first = run_first(box, "trap 'exit 6' TERM; sleep 1000 & wait")

    box.userland.signal(first, 15, outside=True)
    box.sim.run_for(2)

    assert first.exit_code == 6


def test_a_killed_child_tells_its_parent(box: Box) -> None:
    """The shell goes on with 128 and the signal's number."""
    invocation, output = box.start("sh", "-c", "sleep 1000; echo $?")
    box.sim.run_for(100)

    sleeping = next(item for item in box.userland.processes.values() if item.name == "sleep")
    box.userland.signal(sleeping, 15)
    box.sim.run_for(10)

    assert (output.data, invocation.exit_code) == (b"143\n", 0)


def test_equal_scripts_run_equally(box: Box) -> None:
    """Nothing depends on anything but the container."""
    script = "echo $$ $(date +%s) $(head -c 4 /dev/urandom | base64); mktemp"

    assert box.sh(script) == Box().sh(script)


def test_a_shell_reads_a_script_from_its_input(box: Box) -> None:
    """``kubectl exec -i … sh < script``."""
    assert box.run("sh", stdin=b"echo one\necho two\n") == ("one\ntwo\n", 0)


def test_a_stopped_job_goes_on_where_it_was(box):
    """SIGSTOP holds it up, SIGCONT lets it go on."""
    script = (
        "(while true; do echo tick; sleep 1; done) & sleep 2.5; kill -STOP $!; echo held; sleep 5;"
        " kill -CONT $!; sleep 2; kill $!"
    )
    ticks = box.sh(script)[0].split()

    assert ticks.index("held") == 3
    assert 4 <= len(ticks) - 1 <= 6
