"""Runs a program and writes what it took, its daemons included, as JSON to a file: measure.py FILE PROGRAM ARGS...

wall_s: until the program ends. cpu_s: of it and all its descendants. rss_mb: the most that they held at one moment,
looked at every 50 ms (pages that processes share count for each).
"""
import ctypes, json, os, resource, signal, sys, time

PR_SET_CHILD_SUBREAPER = 36
PAGE = os.sysconf("SC_PAGE_SIZE")


def children():
    """Pids of all descendants: what outlives its parent becomes a child of ours."""
    found, frontier = [], [os.getpid()]
    while frontier:
        pid = frontier.pop()
        try:
            for task in os.listdir(f"/proc/{pid}/task"):
                with open(f"/proc/{pid}/task/{task}/children") as file:
                    frontier += [int(child) for child in file.read().split()]
        except OSError:
            continue
        found.append(pid)
    return found[1:]


def memory(pids):
    total = 0
    for pid in pids:
        try:
            with open(f"/proc/{pid}/statm") as file:
                total += int(file.read().split()[1]) * PAGE
        except OSError:
            pass
    return total


ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
result, program = sys.argv[1], sys.argv[2:]
started = time.monotonic()
main = os.posix_spawnp(program[0], program, os.environ)
status, peak = None, 0
while status is None:
    peak = max(peak, memory(children()))
    until = time.monotonic() + 0.05
    while status is None and time.monotonic() < until:
        pid, code = os.waitpid(main, os.WNOHANG)
        if pid == main:
            status = code
        else:
            time.sleep(0.003)
wall = time.monotonic() - started
for pid in children():  # what a tool leaves for its next run, as OpenSSH's masters
    try:
        os.kill(pid, signal.SIGTERM)
    except ProcessLookupError:
        pass
try:
    while True:
        os.wait()
except ChildProcessError:
    pass
usage = resource.getrusage(resource.RUSAGE_CHILDREN)
with open(result, "w") as file:
    cpu = usage.ru_utime + usage.ru_stime
    json.dump({"wall_s": wall, "cpu_s": cpu, "rss_mb": max(peak / 1e6, usage.ru_maxrss * 1024 / 1e6)}, file)
sys.exit(os.waitstatus_to_exitcode(status))
