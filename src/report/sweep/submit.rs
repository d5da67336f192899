//! Ready texts for engines that run many processes: each makes one shard of a sweep.
//!
//! All count from 0: the array of Slurm (sbatch, "--array") and of HyperQueue ("Task arrays") because
//! the text asks for it, and Kubernetes' Indexed Job always ("Indexed Job for Parallel Processing with
//! Static Work Assignment").

use std::path::Path;

/// What is to be run.
#[derive(Clone, Copy, Debug)]
pub struct Job<'a> {
    /// The plan, as the processes find it.
    pub plan: &'a Path,
    /// Its name.
    pub name: &'a str,
    /// The folder that all processes share.
    pub dir: &'a Path,
    /// Number of shards, at least one.
    pub shards: u32,
}

impl Job<'_> {
    /// A script for `sbatch`. It runs where it is submitted, as Slurm does.
    pub fn slurm(&self) -> String {
        let (plan, dir) = (word(self.plan), word(self.dir));
        let (shards, last, name) = (self.shards, self.shards - 1, self.label());
        format!(
            "#!/bin/bash\n\
             #SBATCH --job-name={name}\n\
             #SBATCH --array=0-{last}\n\
             #SBATCH --ntasks=1\n\
             #SBATCH --requeue\n\
             #SBATCH --open-mode=append\n\
             # More processors for each shard: sbatch --cpus-per-task=N\n\
             exec plimsoll sweep {plan} --shard auto/{shards} --out {dir} \
             --threads \"${{SLURM_CPUS_PER_TASK:-1}}\"\n\
             {}",
            self.merge()
        )
    }

    /// An Indexed Job for `kubectl apply -f -`, whose pods run this image.
    pub fn kubernetes(&self, image: &str) -> String {
        let (name, shards) = (self.label(), self.shards);
        let command = [
            "plimsoll".to_owned(),
            "sweep".to_owned(),
            self.plan.display().to_string(),
            "--shard".to_owned(),
            format!("auto/{shards}"),
            "--out".to_owned(),
            self.dir.display().to_string(),
        ];
        let command: Vec<String> = command.iter().map(|word| yaml(word)).collect();
        let (command, image) = (command.join(", "), yaml(image));
        format!(
            "# Replace CLAIM: a volume claim that all pods may write to, with the plan and its scenario on it.\n\
             # Paths are those on the volume. Add the resources that your cluster asks for.\n\
             apiVersion: batch/v1\n\
             kind: Job\n\
             metadata:\n\
             \x20 name: {name}\n\
             spec:\n\
             \x20 completionMode: Indexed\n\
             \x20 completions: {shards}\n\
             \x20 parallelism: {shards}\n\
             \x20 template:\n\
             \x20   spec:\n\
             \x20     restartPolicy: OnFailure\n\
             \x20     containers:\n\
             \x20       - name: plimsoll\n\
             \x20         image: {image}\n\
             \x20         command: [{command}]\n\
             \x20         workingDir: /sweep\n\
             \x20         volumeMounts:\n\
             \x20           - name: sweep\n\
             \x20             mountPath: /sweep\n\
             \x20     volumes:\n\
             \x20       - name: sweep\n\
             \x20         persistentVolumeClaim:\n\
             \x20           claimName: CLAIM\n\
             {}",
            self.merge()
        )
    }

    /// A command for HyperQueue. It runs where it is submitted, as HyperQueue does.
    pub fn hyperqueue(&self) -> String {
        let (plan, dir) = (word(self.plan), word(self.dir));
        let (shards, last, name) = (self.shards, self.shards - 1, self.label());
        format!(
            "hq submit --name={name} --array=0-{last} --cpus=1 -- \
             plimsoll sweep {plan} --shard auto/{shards} --out {dir} --threads 1\n{}",
            self.merge()
        )
    }

    /// What is to be done when all shards are.
    fn merge(&self) -> String {
        let (plan, dir) = (word(self.plan), word(self.dir));
        format!("# When all are done: plimsoll merge {plan} {dir}\n")
    }

    /// A name that all engines take (RFC 1123, as Kubernetes asks of names).
    fn label(&self) -> String {
        let plain = |c: char| match c.is_ascii_alphanumeric() {
            true => c.to_ascii_lowercase(),
            false => '-',
        };
        let name: String = self.name.chars().map(plain).take(48).collect();
        format!("plimsoll-{}", name.trim_matches('-'))
            .trim_end_matches('-')
            .to_owned()
    }
}

/// A path as one word of a shell.
fn word(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+=@%:,".contains(c);
    match !text.is_empty() && text.chars().all(plain) {
        true => text,
        false => format!("'{}'", text.replace('\'', "'\\''")),
    }
}

/// A text in double quotes, as YAML reads them.
fn yaml(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    fn job<'a>(plan: &'a str, dir: &'a str) -> Job<'a> {
        Job {
            plan: Path::new(plan),
            name: "shop nodes_1",
            dir: Path::new(dir),
            shards: 7,
        }
    }

    #[test]
    fn slurm_gets_an_array_that_counts_from_zero() {
        expect![[r##"
            #!/bin/bash
            #SBATCH --job-name=plimsoll-shop-nodes-1
            #SBATCH --array=0-6
            #SBATCH --ntasks=1
            #SBATCH --requeue
            #SBATCH --open-mode=append
            # More processors for each shard: sbatch --cpus-per-task=N
            exec plimsoll sweep shop.toml --shard auto/7 --out out --threads "${SLURM_CPUS_PER_TASK:-1}"
            # When all are done: plimsoll merge shop.toml out
        "##]].assert_eq(&job("shop.toml", "out").slurm());
    }

    #[test]
    fn kubernetes_gets_an_indexed_job() {
        expect![[r##"
            # Replace CLAIM: a volume claim that all pods may write to, with the plan and its scenario on it.
            # Paths are those on the volume. Add the resources that your cluster asks for.
            apiVersion: batch/v1
            kind: Job
            metadata:
              name: plimsoll-shop-nodes-1
            spec:
              completionMode: Indexed
              completions: 7
              parallelism: 7
              template:
                spec:
                  restartPolicy: OnFailure
                  containers:
                    - name: plimsoll
                      image: "registry/plimsoll:1"
                      command: ["plimsoll", "sweep", "shop.toml", "--shard", "auto/7", "--out", "out"]
                      workingDir: /sweep
                      volumeMounts:
                        - name: sweep
                          mountPath: /sweep
                  volumes:
                    - name: sweep
                      persistentVolumeClaim:
                        claimName: CLAIM
            # When all are done: plimsoll merge shop.toml out
        "##]].assert_eq(&job("shop.toml", "out").kubernetes("registry/plimsoll:1"));
    }

    #[test]
    fn hyperqueue_gets_one_command() {
        expect![[r#"
            hq submit --name=plimsoll-shop-nodes-1 --array=0-6 --cpus=1 -- plimsoll sweep shop.toml --shard auto/7 --out out --threads 1
            # When all are done: plimsoll merge shop.toml out
        "#]].assert_eq(&job("shop.toml", "out").hyperqueue());
    }

    #[test]
    fn paths_with_blanks_and_quotes_stay_one_word() {
        let text = job("it's a plan.toml", "out").hyperqueue();
        assert!(
            text.contains("sweep 'it'\\''s a plan.toml' --shard"),
            "{text}"
        );
    }
}
