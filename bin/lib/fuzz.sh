# shellcheck shell=bash
# The fuzz targets: libFuzzer with a stable compiler. cargo-fuzz would need a nightly one for the
# sanitizers, of which the engine, Rust with one small file of unsafe code, profits little. Needs common.sh.

# What cargo-fuzz passes as well: counters at each edge and at each comparison, for libFuzzer to follow.
fuzz_flags=(
	-Cpasses=sancov-module
	-Cllvm-args=-sanitizer-coverage-level=4
	-Cllvm-args=-sanitizer-coverage-inline-8bit-counters
	-Cllvm-args=-sanitizer-coverage-pc-table
	-Cllvm-args=-sanitizer-coverage-trace-compares
	-Ccodegen-units=1
	--cfg fuzzing
)

# Builds them; they are then in $fuzz_programs.
build_fuzz() {
	local host
	host=$(rustc -vV | sed -n 's/^host: //p')
	fuzz_programs=$ROOT/target/fuzz/$host/release
	# With --target the flags do not reach build scripts, which have no libFuzzer. They take the place of
	# those in .cargo/config.toml.
	RUSTFLAGS="--cfg poly1305_backend=\"soft\" ${fuzz_flags[*]}" cargo build --release --locked \
		--manifest-path "$ROOT/fuzz/Cargo.toml" --target-dir "$ROOT/target/fuzz" --target "$host" --bin redaction
	cargo build --release --locked --manifest-path "$ROOT/fuzz/Cargo.toml" --target-dir "$ROOT/target/fuzz/plain" --bin seeds
}

# run_fuzz SECONDS: what it finds is kept in .work/artefacts/fuzz. What it has learned is kept for the next run.
run_fuzz() {
	local home=$WORK/fuzz/redaction found=$WORK/artefacts/fuzz
	mkdir -p "$home/learned" "$found"
	"$ROOT/target/fuzz/plain/release/seeds" "$home/seeds" "$home/words.dict"
	"$fuzz_programs/redaction" -max_total_time="$1" -max_len=1024 -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
		-dict="$home/words.dict" -artifact_prefix="$found/" "$home/learned" "$home/seeds"
}
