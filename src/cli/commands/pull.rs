//! `stakewright pull`: a chain at one block, as a snapshot.

use crate::chain::{
    self, BlockName, ChainError, Deployment, Endpoint, Progress, PullOptions, Pulled, SideSources,
    UnknownVersion,
};
use crate::cli::args::PullArgs;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::output::Output;
use crate::cli::progress;
use crate::report::format;
use crate::snapshot::Facts;
use crate::tables;
use serde::Serialize;
use std::ops::ControlFlow;

#[derive(Serialize)]
struct Answer<'a> {
    folder: String,
    content_hash: &'a str,
    block: Option<u64>,
    requests: u64,
    requests_after_scan: u64,
    bytes_received: u64,
    seconds: f64,
    events: u64,
}

/// Reads the chain and writes the snapshot whole.
pub fn pull(args: &PullArgs, output: Output) -> Result<Exit, CliError> {
    let endpoint = Endpoint::parse(&args.rpc_url).map_err(|error| network(&error))?;
    let options = options(args)?;
    progress::catch_interrupt();
    let bar = progress::spinner("pull", output.quiet);
    let mut watch = |step: Progress| {
        bar.set_message(describe(&step));
        if progress::stopped() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    };
    let pulled = chain::pull(&endpoint, &options, &mut watch);
    bar.finish_and_clear();
    let Pulled { snapshot, report } = match pulled {
        Err(_) if progress::stopped() => return Err(CliError::interrupted()),
        other => other.map_err(|error| network(&error))?,
    };
    let manifest = tables::write(&args.out, &snapshot)
        .map_err(|error| CliError::new(Exit::Data, &error, "choose another place with --out"))?;
    let answer = Answer {
        folder: args.out.display().to_string(),
        content_hash: &manifest.content_hash,
        block: manifest.block,
        requests: report.traffic.requests,
        requests_after_scan: report.requests_after_scan(),
        bytes_received: report.traffic.received_bytes,
        seconds: report.elapsed.as_secs_f64(),
        events: report.events,
    };
    output.answer("pull", None, None, &answer, || {
        format!(
            "wrote {} · block {} · content {}\n{} requests ({} after the log scan), {} bytes, {:.1} s; {} events",
            answer.folder,
            answer.block.map_or_else(|| "none".to_owned(), |block| block.to_string()),
            &answer.content_hash[..16.min(answer.content_hash.len())],
            format::whole(answer.requests),
            format::whole(answer.requests_after_scan),
            format::whole(answer.bytes_received),
            answer.seconds,
            format::whole(answer.events),
        )
    })?;
    Ok(Exit::Ok)
}

fn options(args: &PullArgs) -> Result<PullOptions, CliError> {
    let block = match args.block.as_str() {
        "finalized" => BlockName::Finalized,
        "latest" => BlockName::Latest,
        number => BlockName::Number(number.parse().map_err(|_| {
            CliError::usage(
                format_args!("--block {number} is not a block"),
                "write finalized, latest or a number",
            )
        })?),
    };
    let deployment = args
        .deployment
        .as_deref()
        .map(Deployment::read)
        .transpose()
        .map_err(|error| network(&error))?;
    // What no chain gives, such as market statistics, comes with the program.
    let carried = tables::embedded().map_or_else(|_| Facts::default(), |known| known.facts);
    let mut cache = args.out.clone().into_os_string();
    cache.push(".logs");
    Ok(PullOptions {
        block,
        deployment,
        unknown_version: if args.allow_unknown_version {
            UnknownVersion::Allow
        } else {
            UnknownVersion::Refuse
        },
        cache: Some(cache.into()),
        side: if args.chain_only {
            SideSources::default()
        } else {
            SideSources::public()
        },
        carried,
        ..PullOptions::default()
    })
}

fn describe(step: &Progress) -> String {
    match step {
        Progress::Pinned { block, hash } => format!("block {block} {hash}"),
        Progress::Events { from, next, to } => {
            let share = (next - from) as f64 / (to - from + 1).max(1) as f64;
            format!(
                "events until block {next} of {to} ({})",
                format::share(share.min(1.0))
            )
        }
        Progress::State { what } => format!("reading {what}"),
        Progress::Side => "asking the other sources".to_owned(),
    }
}

fn network(error: &ChainError) -> CliError {
    CliError::new(
        Exit::Network,
        error,
        "what was read is kept: the same command goes on where it stopped; see docs/pull.md",
    )
}
