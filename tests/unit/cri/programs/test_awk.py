"""awk: fields, patterns, printing, variables, arithmetic, loops."""

from __future__ import annotations

import pytest

INPUT = b"alice 30 paris\nbob 4 rome\ncarol 25 oslo\n"


@pytest.mark.parametrize(
    ("words", "printed"),
    [
        (["{print $1}"], "alice\nbob\ncarol\n"),
        (["{print $NF, NR}"], "paris 1\nrome 2\noslo 3\n"),
        (["$2 > 20"], "alice 30 paris\ncarol 25 oslo\n"),
        (["/^b/ {print $3}"], "rome\n"),
        (["!/o/"], "alice 30 paris\n"),
        (["NR==2,NR==3 {print $1}"], "bob\ncarol\n"),
        (["{s += $2} END {print s, s/NR}"], "59 19.6667\n"),
        (['BEGIN {printf "%5.1f|%-4s|%03d\\n", 3.14159, "ab", 7}'], "  3.1|ab  |007\n"),
        (["-F", "a", "{print $2}"], "lice 30 p\n\nrol 25 oslo\n"),
        (["-v", "x=5", 'BEGIN {print x*2, x "!"}'], "10 5!\n"),
        (["{n[length($1)]++} END {for (k in n) print k, n[k]}"], "5 2\n3 1\n"),
        (['{$2 = "-"; print}'], "alice - paris\nbob - rome\ncarol - oslo\n"),
        (['NR==1 {gsub(/a/, "<&>"); print}'], "<a>lice 30 p<a>ris\n"),
        (['NR==1 {print toupper($1), substr($3, 2, 3), index($3, "r")}'], "ALICE ari 3\n"),
        (["BEGIN {for (i = 0; i < 3; i++) {if (i == 1) continue; print i}}"], "0\n2\n"),
        (["BEGIN {while (1) {if (++i > 3) break}; print i}"], "4\n"),
        (
            ['BEGIN {n = split("a:b:c", p, ":"); print n, p[3]; print 2^10, 7%3, -3}'],
            "3 c\n1024 1 -3\n",
        ),
        (['NR==2 {exit 3} {print $1} END {print "end"}'], "alice\nend\n"),
        (['BEGIN {x[1,2] = 3; if ((1,2) in x) print "in"; print (1 > 2) ? "a" : "b"}'], "in\nb\n"),
        (['$3 ~ /^r/ || $1 == "carol" {print $1; next} {print "-"}'], "-\nbob\ncarol\n"),
    ],
)
def test_programs(box, words, printed):
    """Each does what it does with any awk."""
    assert box.run("awk", *words, stdin=INPUT)[0] == printed


def test_its_exit_code_is_what_the_program_says(box):
    """exit with a number."""
    assert box.run("awk", "BEGIN {exit 7}")[1] == 7


@pytest.mark.parametrize(
    ("program", "complaint"),
    [
        ("{print", "awk: unexpected end of program"),
        ("BEGIN {while (1) x++}", "steps for one line: not modelled by Podarium"),
        ("BEGIN {print 1/0}", "awk: division by zero"),
        ("function f(x) {return x}", "not modelled by Podarium"),
        ("BEGIN {print systime()}", "systime is not modelled by Podarium"),
        ("BEGIN {" + "{" * 300, "nested too deeply"),
    ],
)
def test_what_cannot_be_done_is_said(box, program, complaint):
    """With exit code 2 and a message, and in bounded time."""
    printed, code = box.run("awk", program)

    assert complaint in printed
    assert code == 2


def test_files_are_written_and_read(box):
    """print > file; the file's name and number of lines."""
    script = "printf 'a\\nb\\n' > /tmp/in; awk '{print FILENAME, FNR > \"/tmp/out\"}' /tmp/in; cat /tmp/out"

    assert box.sh(script)[0] == "/tmp/in 1\n/tmp/in 2\n"
