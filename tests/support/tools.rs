//! Programs that npm installs for the tests: Anvil and Forge.

use std::path::{Path, PathBuf};

/// A program from the test packages, or from `STAKEWRIGHT_NAME`; `None`, with the reason printed, when absent.
///
/// It is the program itself, not npm's wrapper: a wrapper that is killed leaves the program running.
/// With `STAKEWRIGHT_FULL=1` nothing may be absent.
pub fn tool(name: &str) -> Option<PathBuf> {
    let variable = format!("STAKEWRIGHT_{}", name.to_uppercase());
    let found = std::env::var_os(&variable).map_or_else(|| packaged(name), PathBuf::from);
    if found.is_file() {
        return Some(found);
    }
    let reason = format!(
        "skipped: {name} is not installed (npm ci --prefix tests/node, or {variable}=path)"
    );
    assert!(std::env::var_os("STAKEWRIGHT_FULL").is_none(), "{reason}");
    println!("{reason}");
    None
}

fn packaged(name: &str) -> PathBuf {
    let system = match std::env::consts::OS {
        "macos" => "darwin",
        other => other,
    };
    let machine = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    let modules = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/node/node_modules");
    modules.join(format!("@foundry-rs/{name}-{system}-{machine}/bin/{name}"))
}
