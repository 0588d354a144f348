/// The shell program that owns a private server from initdb to its end; see `ServerProcess`.
enum PrivateClusterScript {
    // $1 binaries, $2 folder, $3 socket folder or "", $4 "yes" or "" for temporary, $5 settings
    static let text = #"""
        trap '' PIPE HUP INT TERM
        umask 077
        bin=$1 folder=$2 socket=$3 temporary=$4 settings=$5
        data=$folder/data log=$folder/server.log made=
        clean() {
            [ -n "$made" ] && rm -rf "$made"
            [ "$temporary" = yes ] && cd / && rm -rf "$folder"
        }
        fail() { echo "hookgate:failed $1"; clean; exit 1; }
        parent=$folder closed=
        while [ "$parent" != / ] && [ "$parent" != . ]; do
            [ -x "$parent" ] || closed=$parent
            parent=$(dirname "$parent")
        done
        [ -z "$closed" ] || fail "the user $(id -un), as whom the server runs, may not enter $closed; choose a data folder elsewhere, or allow it with: chmod o+x $closed"
        cd "$folder" || fail "the folder $folder cannot be entered"
        if [ ! -s "$data/PG_VERSION" ]; then
            # Built aside and moved into place whole: an initdb that was cut short leaves nothing that looks finished.
            rm -rf "$data.new"
            "$bin/initdb" -D "$data.new" -U postgres -A trust -E UTF8 --locale=C.UTF-8 ${temporary:+--no-sync} 2>&1 \
                || fail "initdb did not work"
            echo "include_if_exists = 'hookgate.conf'" >>"$data.new/postgresql.conf"
            mv "$data.new" "$data" || fail "the data folder could not be put in place"
        fi
        major=$("$bin/postgres" --version | sed 's/[^0-9]*\([0-9]*\).*/\1/')
        [ "$(cat "$data/PG_VERSION")" = "$major" ] || fail "the data in $data belongs to PostgreSQL $(cat "$data/PG_VERSION"), but $bin is $major; install that version or move the folder away"
        printf '%s\n' "$settings" >"$data/hookgate.conf"
        # A pid file left by a crash: its number may belong to any process by now. Nobody else uses the folder, so only a
        # server of this very folder is stopped, and any other number is forgotten.
        old=$(head -n 1 "$data/postmaster.pid" 2>/dev/null)
        if [ -n "$old" ]; then
            if [ "$(readlink "/proc/$old/cwd" 2>/dev/null)" = "$(cd "$data" && pwd -P)" ]; then
                "$bin/pg_ctl" -D "$data" -m fast -w -t 60 stop >/dev/null 2>&1 || fail "an older server in $data does not stop"
            else
                rm -f "$data/postmaster.pid"
            fi
        fi
        if [ -z "$socket" ]; then
            made=$(mktemp -d /tmp/hookgate-XXXXXX) || fail "no folder for the socket could be made in /tmp"
            socket=$made
        fi
        mkdir -p "$socket" && chmod 700 "$socket" || fail "the socket folder $socket could not be made"
        "$bin/pg_ctl" -D "$data" -l "$log" -w -t 120 -o "-p 5432 -c listen_addresses='' -k '$socket'" start >/dev/null 2>&1 || {
            tail -n 5 "$log"
            fail "the server did not start; its log is $log"
        }
        server=$(head -n 1 "$data/postmaster.pid")
        echo "hookgate:socket $socket"
        echo "hookgate:ready"
        cat >/dev/null
        # Another owner may have started a server here in the meantime; that one is not ours to stop.
        if [ "$(head -n 1 "$data/postmaster.pid" 2>/dev/null)" = "$server" ]; then
            "$bin/pg_ctl" -D "$data" -m fast -w -t 60 stop >/dev/null 2>&1 || "$bin/pg_ctl" -D "$data" -m immediate -w stop >/dev/null 2>&1
        fi
        clean
        """#
}
