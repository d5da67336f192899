//! What can be typed after the commands that look things up, or read and write single files.

use std::path::PathBuf;

use clap::ValueEnum;
use clap_complete::Shell;

use super::shared::{Changes, Printed};

/// Make the page of a result again, or lay several results side by side.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  plimsoll report results/web-shop/spread-hpa-kubernetes-1
  plimsoll report results/web-shop/spread-*/
  plimsoll report results/web-shop/spread-hpa-kubernetes-1 results/web-shop/binpack-hpa-kubernetes-1 \
    --out spread-binpack.html

Of one folder, its report.html is made again of the files in it. Several are laid side by side in \
results/side-by-side.html, unless --out says otherwise; what they differ in is shown and not judged.")]
pub(in crate::cli) struct Report {
    /// Folders that `plimsoll run` wrote
    #[arg(required = true, value_name = "DIR")]
    pub(in crate::cli) dirs: Vec<PathBuf>,
    /// Write the page to this file
    #[arg(long, value_name = "FILE.html")]
    pub(in crate::cli) out: Option<PathBuf>,
}

/// Check scenario files without running them.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  plimsoll validate scenarios/web-shop.toml scenarios/zone-outage.toml
  plimsoll validate scenarios/web-shop.toml --with peak.toml --set services.cart.replicas=12
  plimsoll validate scenarios/*.toml --format json | jq '.files[] | select(.ok | not)'")]
pub(in crate::cli) struct Validate {
    /// Scenario files
    #[arg(required = true, value_name = "SCENARIO")]
    pub(in crate::cli) scenarios: Vec<PathBuf>,
    #[command(flatten)]
    pub(in crate::cli) changes: Changes,
    #[command(flatten)]
    pub(in crate::cli) printed: Printed,
}

/// Write a commented scenario file to start from.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  plimsoll init
  plimsoll init my-shop.toml")]
pub(in crate::cli) struct Init {
    /// The file to write; one that exists is left alone
    #[arg(default_value = "scenario.toml")]
    pub(in crate::cli) file: PathBuf,
}

/// Print the JSON Schema of scenario files, for editors, or of results.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  plimsoll schema > scenario.schema.json
  plimsoll schema --of run | jq '.properties | keys'

A result has every key that its schema requires, and none that the schema does not name. Numbers \
that JSON has none for are \"inf\" and \"-inf\".")]
pub(in crate::cli) struct Schema {
    /// What is described
    #[arg(long, value_name = "WHAT", value_enum, default_value = "scenario")]
    pub(in crate::cli) of: Described,
}

/// What a schema describes.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(in crate::cli) enum Described {
    /// Scenario files
    Scenario,
    /// Plans of sweeps
    Plan,
    /// summary.json, and what `run --format json` prints
    Run,
    /// compare.json, and what `compare --format json` prints
    Compare,
    /// What `explain --format json` prints
    Explain,
    /// capacity.json, and what `capacity --format json` prints
    Capacity,
    /// compaction.json, and what `compact --format json` prints
    Compact,
    /// fidelity.json, and what `fidelity --format json` prints
    Fidelity,
    /// What `gate --format json` prints
    Gate,
    /// sweep.json, and what `sweep` and `merge --format json` print
    Sweep,
    /// What `validate --format json` prints
    Validate,
    /// What `policies --format json` prints
    Policies,
    /// What `metrics --format json` prints
    Metrics,
}

/// Print a script that completes commands and options in a shell.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  plimsoll completions bash > ~/.local/share/bash-completion/completions/plimsoll
  plimsoll completions zsh > ~/.zfunc/_plimsoll
  plimsoll completions fish > ~/.config/fish/completions/plimsoll.fish
  plimsoll completions elvish > ~/.config/elvish/lib/plimsoll.elv
  plimsoll completions powershell >> $PROFILE

The folder must be there (mkdir -p makes it), and new shells read the script. bash needs its package \
bash-completion. For zsh, write before compinit in ~/.zshrc: fpath+=(~/.zfunc). For elvish, write in \
rc.elv: use plimsoll.")]
pub(in crate::cli) struct Completions {
    /// The shell
    #[arg(value_enum)]
    pub(in crate::cli) shell: Shell,
}

/// List all, or explain one.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Named {
    /// Only those of this name
    pub(in crate::cli) name: Option<String>,
    #[command(flatten)]
    pub(in crate::cli) printed: Printed,
}
