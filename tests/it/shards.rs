//! One simulation in parts, on as many machines as one likes, and put together again.

use super::cli::stakewright;
use stakewright::tables::{Column, read_columns};
use std::path::{Path, PathBuf};
use std::process::Output;

const PATHS: &str = "1501";

fn simulate(more: &[&str], out: &Path) -> Output {
    stakewright()
        .args(["simulate", "models/closed-form.toml", "--paths", PATHS])
        .args(["--stake", "300", "--format", "json"])
        .args(more)
        .arg("--out")
        .arg(out)
        .output()
        .unwrap()
}

fn merge(shards: &[&PathBuf], out: &Path) -> Output {
    let mut command = stakewright();
    command.arg("merge").args(shards);
    command.arg("--out").arg(out).output().unwrap()
}

fn passed(output: &Output) {
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{words}");
}

fn hash(text: &str) -> u64 {
    let mut hasher = std::hash::DefaultHasher::new();
    std::hash::Hash::hash(text, &mut hasher);
    std::hash::Hasher::finish(&hasher)
}

fn optional(values: Vec<Option<u64>>) -> Vec<u64> {
    values
        .into_iter()
        .flat_map(|value| value.map_or([0, 0], |x| [1, x]))
        .collect()
}

/// Every column with the bits of its numbers.
fn bits(file: &Path) -> Vec<(String, Vec<u64>)> {
    let columns = read_columns(file).unwrap().columns;
    columns
        .into_iter()
        .map(|(name, column)| {
            let bits = match column {
                Column::F64(values) => values.into_iter().map(f64::to_bits).collect(),
                Column::U64(values) => values,
                Column::U32(values) => values.into_iter().map(u64::from).collect(),
                Column::OptionalF64(values) => {
                    optional(values.into_iter().map(|x| x.map(f64::to_bits)).collect())
                }
                Column::OptionalU32(values) => {
                    optional(values.into_iter().map(|x| x.map(u64::from)).collect())
                }
                Column::Bool(values) => values.into_iter().map(u64::from).collect(),
                Column::Text(values) => values.iter().map(|text| hash(text)).collect(),
                other @ (Column::OptionalU64(_) | Column::OptionalText(_)) => {
                    panic!(
                        "{name} has {} rows of a kind that no ensemble has",
                        other.len()
                    )
                }
                Column::I64(values) => values.into_iter().map(i64::cast_unsigned).collect(),
            };
            (name, bits)
        })
        .collect()
}

#[test]
fn shards_merge_in_any_order_to_the_bits_of_one_run() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    let whole = file("whole.parquet");
    passed(&simulate(&["--threads", "1"], &whole));
    let shards: Vec<PathBuf> = (1..=3)
        .map(|k| {
            let out = file(&format!("{k}.parquet"));
            let threads = k.to_string();
            passed(&simulate(
                &["--shard", &format!("{k}/3"), "--threads", &threads],
                &out,
            ));
            out
        })
        .collect();
    let expected = bits(&whole);
    assert!(expected.iter().any(|(name, _)| name == "path"));
    assert!(expected.iter().all(|(_, rows)| rows.len() >= 1501));
    for order in [[0, 1, 2], [2, 0, 1], [1, 2, 0]] {
        let merged = file("merged.parquet");
        passed(&merge(&order.map(|k| &shards[k]), &merged));
        assert!(bits(&merged) == expected, "{order:?}");
    }

    // What is missing or there twice is named, and nothing is written.
    for (given, word) in [([0, 2], "missing"), ([0, 0], "there twice")] {
        let out = file("wrong.parquet");
        let refused = merge(&given.map(|k| &shards[k]), &out);
        let words = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(!refused.status.success() && words.contains(word), "{words}");
        assert!(!out.exists());
    }
    // A shard of another seed does not belong here.
    let other = file("other.parquet");
    passed(&simulate(&["--shard", "2/3", "--seed", "8"], &other));
    let refused = merge(&[&shards[0], &other, &shards[2]], &file("wrong.parquet"));
    let words = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(words.contains("different simulations"), "{words}");
}

#[test]
fn a_part_that_is_none_is_a_usage_error() {
    let folder = tempfile::tempdir().unwrap();
    for shard in ["0/3", "4/3", "1/0", "half", "1/9999"] {
        let refused = simulate(&["--shard", shard], &folder.path().join("x.parquet"));
        assert_eq!(refused.status.code(), Some(2), "{shard}");
        let words = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(words.contains("such as --shard 2/4"), "{words}");
    }
}
