#!/usr/bin/env bash
# One night: measures a profile, holds it against the stored nights, keeps it, and shows the trend.
#
#   nightly.sh [FLAG…]        flags for the measurement, as in --repetitions 20 or --bootstrap-servers b1:9092,b2:9092
#
# Set by the environment:
#   KPBENCH      the program                            [kpbench]
#   PROFILE      what is measured                       [profiles/nightly.toml]
#   STATE        what must outlive the night            [state]: baselines/ and history/
#   OUT          what the night leaves for people       [out]: emptied first
#   BASELINE     name of the baseline                   [main]
#   KEEP         sessions that the baseline keeps       [30]
#   SAVE         no: judge only, as on a pull request   [yes]
#   GATE_FLAGS   flags for the gate alone, as in "--lenient" or "--base-bin ./kpbench-yesterday"
#
# Ends with the gate's exit code: 0 pass, 3 regression, 4 it cannot be said or the measurement is not valid; with 1 or 2
# nothing was measured. On the first night there is nothing to hold it against. While the baseline has fewer sessions than
# a verdict needs, what cannot be said does not fail the night.
set -euo pipefail

KPBENCH=${KPBENCH:-kpbench}
PROFILE=${PROFILE:-profiles/nightly.toml}
STATE=${STATE:-state}
OUT=${OUT:-out}
BASELINE=${BASELINE:-main}
KEEP=${KEEP:-30}
SAVE=${SAVE:-yes}
read -r -a gate_flags <<<"${GATE_FLAGS:-}"

least=6 # sessions that a verdict on most figures needs: docs/statistics.md
night=$(date -u +%Y%m%dT%H%M%SZ)
run=$OUT/$night
mkdir -p "$STATE/baselines" "$STATE/history"
mark=$OUT/.kpbench-night # what is emptied was made here
if [ -e "$OUT" ] && [ ! -e "$mark" ]; then
  echo "$OUT is there and is not of an earlier night: set OUT, or move it away." >&2
  exit 2
fi
rm -rf "$OUT"
mkdir -p "$OUT"
touch "$mark"

sessions() {
  "$KPBENCH" baseline list --baselines "$STATE/baselines" --format json |
    jq -r --arg name "$BASELINE" '.baselines[] | select(.name == $name) | .sessions[].session_id'
}

# Measure and judge.
stored=$(sessions | wc -l)
status=0
if ((stored == 0)); then
  echo "First night: there is nothing to hold it against yet."
  "$KPBENCH" sweep "$PROFILE" --out "$run" "$@" || status=$?
  if [ -e "$run/trials.jsonl" ]; then
    "$KPBENCH" report "$run" --export markdown="$OUT/comment.md" --export junit="$OUT/junit.xml" \
      --export github-action-benchmark="$OUT/bench.json" --quiet >/dev/null || true
  fi
  verdict=none interleaved=false
else
  if ((stored < least)); then
    echo "The baseline has $stored of $least sessions: what cannot be said yet does not fail the night."
    gate_flags+=(--lenient)
  fi
  "$KPBENCH" gate --profile "$PROFILE" --baseline "$BASELINE" --baselines "$STATE/baselines" --out "$run" \
    --export markdown="$OUT/comment.md" --export junit="$OUT/junit.xml" \
    --export github-action-benchmark="$OUT/bench.json" --export openmetrics="$OUT/metrics.txt" \
    "${gate_flags[@]}" "$@" | tee "$OUT/gate.txt" || status=$?
  if [ ! -e "$run/gate.json" ]; then
    echo "Nothing was judged (exit $status)." >&2
    exit "$status"
  fi
  verdict=$(jq -r .verdict "$run/gate.json")
  interleaved=$(jq -r .interleaved "$run/gate.json")
  # --lenient excuses wide intervals, not missing sessions: those are to be expected in the first nights.
  if ((status == 4 && stored < least)) && [ "$verdict" = inconclusive ]; then
    echo "Inconclusive, with $stored of $least sessions: not held against this night."
    status=0
  fi
fi

# Keep it: what is valid and no regression becomes a session; what was measured beside another base is another experiment.
if [ "$SAVE" = yes ] && [ "$interleaved" = false ] && ((status == 0 || status == 3 || status == 4)); then
  case $verdict in
    pass | inconclusive | none)
      if "$KPBENCH" baseline save "$BASELINE" "$run" --baselines "$STATE/baselines"; then
        sessions | head -n "-$KEEP" | while read -r old; do
          "$KPBENCH" baseline remove "$BASELINE" --session "$old" --baselines "$STATE/baselines"
        done
      else
        status=4
      fi
      ;;
    *) echo "Not saved as a session: $verdict." ;;
  esac
  # All that a trend needs, regressions included.
  mkdir -p "$STATE/history/$night"
  cp "$run/manifest.json" "$run/trials.jsonl" "$STATE/history/$night/"
fi

# Where the level changed: advisory. 4: too few nights yet.
trend=0
"$KPBENCH" trend "$STATE/history" --out "$OUT/trend" >"$OUT/trend.txt" 2>&1 || trend=$?
cat "$OUT/trend.txt"
if ((trend == 0)); then
  # Pictures have no place in a comment: they are in $OUT/trend.
  { echo && sed '/^!\[/d' "$OUT/trend/trend.md" | cat -s; } >>"$OUT/comment.md"
elif ((trend != 4)); then
  echo "The trend could not be made (exit $trend)." >&2
fi

echo "For people: $run/report.html and $OUT/comment.md. Exit $status."
exit "$status"
