"""What the benchmarks share: a private PostgreSQL, processor time from the operating system, and what machine this is."""

import contextlib
import datetime
import glob
import os
import platform
import pwd
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
HOOKGATE = ROOT / ".build/release/hookgate"
# Of one gigabyte of memory and up; everything else is PostgreSQL's default, fsync and synchronous_commit included.
SETTINGS = {"shared_buffers": "512MB", "max_wal_size": "4GB", "listen_addresses": "''"}


class Server:
    """A private PostgreSQL on a unix socket that is gone with us."""

    def __init__(self, core=None):
        self.binaries = sorted(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda p: int(p.split("/")[-2]))[-1]
        self.folder = tempfile.mkdtemp(prefix="hookgate-bench-", dir="/tmp")
        self.prefix = [] if core is None else ["taskset", "-c", str(core)]
        if os.geteuid() == 0:
            postgres = pwd.getpwnam("postgres")
            os.chown(self.folder, postgres.pw_uid, postgres.pw_gid)
            self.prefix += ["setpriv", f"--reuid={postgres.pw_uid}", f"--regid={postgres.pw_gid}", "--clear-groups"]
        self.data = f"{self.folder}/data"
        self.postmaster = None

    def start(self):
        self.run("initdb", "-D", self.data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8")
        options = " ".join(f"-c {name}={value}" for name, value in SETTINGS.items())
        self.run("pg_ctl", "-D", self.data, "-l", f"{self.folder}/log", "-w", "-o", f"{options} -k {self.folder}", "start")
        self.postmaster = int(Path(f"{self.data}/postmaster.pid").read_text().split()[0])

    def stop(self):
        if os.path.exists(f"{self.data}/postmaster.pid"):
            self.run("pg_ctl", "-D", self.data, "-m", "immediate", "-w", "stop")
        shutil.rmtree(self.folder, ignore_errors=True)

    def run(self, program, *arguments):
        subprocess.run(
            self.prefix + [f"{self.binaries}/{program}", *arguments], check=True, cwd="/", stdout=subprocess.DEVNULL)

    def url(self, database):
        return f"postgresql://postgres@/{database}?host={self.folder}"

    def psql(self, database, *arguments):
        command = [f"{self.binaries}/psql", "-qAtX", "-v", "ON_ERROR_STOP=1", self.url(database), *arguments]
        environment = {**os.environ, "PGOPTIONS": "-c client_min_messages=warning"}
        return subprocess.run(command, check=True, text=True, env=environment, stdout=subprocess.PIPE).stdout.strip()

    def fresh(self, database, template):
        self.psql("postgres", "-c", f"DROP DATABASE IF EXISTS {database}",
                  "-c", f"CREATE DATABASE {database} TEMPLATE {template}", "-c", "CHECKPOINT")

    def cpu(self):
        """Seconds of all of the server's processes so far, those that have ended included."""
        return cpu_of(self.postmaster)


def processes_of(root):
    """A process and those below it, each with its ticks of processor time, those that have ended included."""
    ticks, children = {}, {}
    for stat in glob.glob("/proc/[0-9]*/stat"):
        try:
            fields = Path(stat).read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        pid = int(stat.split("/")[2])
        children.setdefault(int(fields[1]), []).append(pid)
        ticks[pid] = sum(int(field) for field in fields[11:15])
    rest = [root]
    while rest:
        pid = rest.pop()
        if pid in ticks:
            yield pid, ticks[pid]
        rest += children.get(pid, [])


def cpu_of(root):
    """Seconds that a process and those below it have used, those that have ended included."""
    return sum(ticks for _, ticks in processes_of(root)) / os.sysconf("SC_CLK_TCK")


def signal_all(root, number):
    """A signal to a process and those below it."""
    for pid, _ in processes_of(root):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


@contextlib.contextmanager
def kept_off(core, seconds=3, share=0.001):
    """Keeps a core free of what is at work on this machine while nobody asks for anything, if we may: a thread of the
    kernel's that takes a core for ten milliseconds, once a second, is all of a p99. Gives what share of a core that was.

    To be entered before anything of ours is started. Who was kept off may go everywhere again afterwards.
    """
    before = thread_times()
    time.sleep(seconds)
    after, moved = thread_times(), {}
    try:
        for thread in before.keys() & after.keys():
            used = (after[thread] - before[thread]) / 1e9 / seconds
            # What belongs to one core, or is not ours to move, stays.
            with contextlib.suppress(OSError):
                allowed = os.sched_getaffinity(thread)
                if used > share and core in allowed and thread != os.getpid():
                    os.sched_setaffinity(thread, allowed - {core})
                    moved[thread] = (allowed, used)
        yield {"threads": len(moved), "share": round(sum(used for _, used in moved.values()), 4)}
    finally:
        for thread, (allowed, _) in moved.items():
            with contextlib.suppress(OSError):
                os.sched_setaffinity(thread, allowed)


def disk_core(cores, syncs=300):
    """Which of these cores the disk's interrupts go to, for whoever syncs much is at home there. On the other, the end of
    a sync waits until the first is free to tell of it, and what the disk has to do is done there as well.

    The last one of the cores, where no device's interrupts tell.
    """
    def interrupts():
        lines = [line.split() for line in Path("/proc/interrupts").read_text().splitlines()[1:]]
        # A device's line begins with a number; the others are the processors' own.
        return {words[0]: [int(word) for word in words[1:1 + os.cpu_count()]] for words in lines if words[0][:-1].isdigit()}

    with tempfile.TemporaryFile(dir="/tmp") as file:
        before = interrupts()
        for _ in range(syncs):
            os.pwrite(file.fileno(), os.urandom(512), 0)
            os.fdatasync(file.fileno())
    after = interrupts()
    counts = {core: max((after[line][core] - before[line][core] for line in before.keys() & after.keys()), default=0)
              for core in cores if core < os.cpu_count()}
    busiest = max(counts, key=counts.get)
    return busiest if counts[busiest] >= syncs / 2 else cores[-1]


def thread_times():
    """Nanoseconds of processor time of every thread."""
    times = {}
    for path in glob.glob("/proc/[0-9]*/task/[0-9]*/schedstat"):
        with contextlib.suppress(OSError, IndexError):
            times[int(path.split("/")[4])] = int(Path(path).read_text().split()[0])
    return times


def machine(server):
    def first(path, word):
        return next((l.split(":", 1)[1].strip() for l in Path(path).read_text().splitlines() if l.startswith(word)), "?")
    git = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=ROOT, text=True, stdout=subprocess.PIPE)
    return {
        "cpu": first("/proc/cpuinfo", "model name"), "cores": os.cpu_count(),
        "is_virtual": any(" hypervisor" in l for l in Path("/proc/cpuinfo").read_text().splitlines()),
        "memory_gb": round(int(first("/proc/meminfo", "MemTotal").split()[0]) / 2**20),
        "system": f"{platform.system()} {platform.release()}",
        "postgres": server.psql("postgres", "-c", "SHOW server_version"), "settings": SETTINGS,
        "load_before": os.getloadavg()[0], "commit": git.stdout.strip(),
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d"),
    }
