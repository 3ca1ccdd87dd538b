"""The private Postgres and Redis pair of this run, and questions to them that bypass the server."""
import os
import shutil
import subprocess
import threading

import psycopg2
import psycopg2.extras

SOURCE_ROOT = os.environ.get("MAWID_SOURCE_ROOT") or os.path.abspath(
    os.path.join(os.path.dirname(__file__), "..", "..", ".."))


class PrivateServers:
    """Wraps tools/private-servers. Its URLs stay the same over restarts."""

    def __init__(self, directory):
        self.directory = directory
        self.database_url = self.redis_url = None

    def start(self):
        lines = self.act("start").splitlines()
        urls = dict(line.split("=", 1) for line in lines if "=" in line)
        self.database_url, self.redis_url = urls["DATABASE_URL"], urls["REDIS_URL"]

    def act(self, verb):
        done = subprocess.run([os.path.join(SOURCE_ROOT, "tools", "private-servers"), verb, self.directory],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"private-servers {verb}: {done.stderr.strip()}")
        return done.stdout

    def remove(self, keep_log_in=None):
        if keep_log_in:
            shutil.copy(os.path.join(self.directory, "pg.log"), keep_log_in)
        self.act("remove")

    def redis(self, *command):
        """One command by redis-cli; its output as text."""
        socket = self.redis_url.removeprefix("unix://")
        return subprocess.run(["redis-cli", "-s", socket, *command], stdout=subprocess.PIPE, text=True,
                              check=True).stdout.strip()

    def log_size(self):
        return os.path.getsize(os.path.join(self.directory, "pg.log"))

    def log_since(self, size):
        with open(os.path.join(self.directory, "pg.log"), "rb") as log:
            log.seek(size)
            return log.read().decode(errors="replace")


class Database:
    """SQL for looking behind the server's back. Reconnects when Postgres was restarted."""

    def __init__(self, url, user="mawid"):
        self.url = url.replace("//mawid@", f"//{user}@")
        self.connection = None
        self.lock = threading.Lock()

    def rows(self, sql, *values):
        """Rows as dicts ([] for statements that return none)."""
        with self.lock:
            try:
                return self._run(sql, values)
            except psycopg2.OperationalError:
                self.connection = None
                return self._run(sql, values)

    def row(self, sql, *values):
        found = self.rows(sql, *values)
        assert len(found) == 1, f"{len(found)} rows for {sql} {values}"
        return found[0]

    def one(self, sql, *values):
        return next(iter(self.row(sql, *values).values()))

    def _run(self, sql, values):
        if self.connection is None or self.connection.closed:
            self.connection = psycopg2.connect(self.url)
            self.connection.autocommit = True
        with self.connection.cursor(cursor_factory=psycopg2.extras.RealDictCursor) as cursor:
            cursor.execute(sql, values or None)
            return [dict(row) for row in cursor.fetchall()] if cursor.description else []

    def close(self):
        if self.connection is not None:
            self.connection.close()
            self.connection = None


class Transaction:
    """Statements on a connection of their own, which hold their locks until commit()."""

    def __init__(self, url, user="mawid"):
        self.connection = psycopg2.connect(Database(url, user).url)
        self.cursor = self.connection.cursor()

    def one(self, sql, *values):
        self.cursor.execute(sql, values)
        return self.cursor.fetchone()[0]

    def commit(self):
        self.connection.commit()
        self.connection.close()
