//! The image of the workload, made without a registry.
//!
//! An archive that every Docker loads: an OCI image layout (image-spec v1.1) that also has the
//! `manifest.json` of `docker save`. Equal binaries give equal bytes, and the digests in it are the
//! image's identity: engines before version 29 report that of the configuration, later ones that of
//! the manifest.

use std::fmt;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tar::{Builder, EntryType, Header};

/// Where the binary stands in the image.
pub const BINARY: &str = "plimsoll-workload";
/// The port it listens on.
pub const PORT: u16 = 8080;

/// An image as it is loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// Its name and tag.
    pub name: String,
    /// `sha256:` and the digest of its configuration.
    pub config: String,
    /// `sha256:` and the digest of its manifest.
    pub manifest: String,
    /// The archive.
    pub archive: Vec<u8>,
}

/// Why a binary cannot be the only file of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// It is no 64-bit ELF executable.
    NoElf,
    /// It needs a dynamic linker, which the image would not have.
    Dynamic,
    /// It is for a kind of processor that is not known.
    Machine(u16),
}

impl Image {
    /// Whether an engine that reports this id has this image.
    pub fn is(&self, id: &str) -> bool {
        id == self.config || id == self.manifest
    }
}

/// Packs a static binary.
///
/// # Errors
/// When it could not run by itself.
pub fn pack(binary: &[u8]) -> Result<Image, Unfit> {
    let architecture = architecture(binary)?;
    let layer = tar_of(&[(BINARY, binary, 0o755)]);
    let config = json!({
        "architecture": architecture,
        "os": "linux",
        "config": {
            "Entrypoint": [format!("/{BINARY}")],
            "ExposedPorts": { format!("{PORT}/tcp"): {} },
            "User": "65534:65534",
        },
        "rootfs": { "type": "layers", "diff_ids": [digest(&layer)] },
        "history": [{ "created_by": "plimsoll live --build-image" }],
    });
    let config = text(&config);
    let tag = &digest(&config)["sha256:".len()..][..12];
    let name = format!("{BINARY}:{tag}");
    let descriptor = |kind: &str, bytes: &[u8]| json!({ "mediaType": kind, "digest": digest(bytes), "size": bytes.len() });
    let manifest = text(&json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": descriptor("application/vnd.oci.image.config.v1+json", &config),
        "layers": [descriptor("application/vnd.oci.image.layer.v1.tar", &layer)],
    }));
    let mut entry = descriptor("application/vnd.oci.image.manifest.v1+json", &manifest);
    entry["annotations"] = json!({
        "io.containerd.image.name": format!("docker.io/library/{name}"),
        "org.opencontainers.image.ref.name": tag,
    });
    let index = text(&json!({ "schemaVersion": 2, "manifests": [entry] }));
    let saved = text(&json!([{
        "Config": blob(&config),
        "RepoTags": [name],
        "Layers": [blob(&layer)],
    }]));
    let layout = text(&json!({ "imageLayoutVersion": "1.0.0" }));
    let (config_blob, layer_blob) = (blob(&config), blob(&layer));
    let manifest_blob = blob(&manifest);
    let mut files: Vec<(&str, &[u8], u32)> = vec![
        (&config_blob, &config, 0o644),
        (&layer_blob, &layer, 0o644),
        (&manifest_blob, &manifest, 0o644),
    ];
    files.sort_unstable();
    files.extend([
        ("index.json", &index[..], 0o644),
        ("manifest.json", &saved, 0o644),
        ("oci-layout", &layout, 0o644),
    ]);
    Ok(Image {
        config: digest(&config),
        manifest: digest(&manifest),
        archive: tar_of(&files),
        name,
    })
}

/// `sha256:` and the digest in hexadecimal.
pub fn digest(bytes: &[u8]) -> String {
    let digits = Sha256::digest(bytes);
    let digits: String = digits.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{digits}")
}

/// Where a blob stands in the archive.
fn blob(bytes: &[u8]) -> String {
    format!("blobs/{}", digest(bytes).replace(':', "/"))
}

fn text(value: &Value) -> Vec<u8> {
    value.to_string().into_bytes()
}

/// An archive of files, nothing in which depends on when or by whom it is made.
fn tar_of(files: &[(&str, &[u8], u32)]) -> Vec<u8> {
    let mut tar = Builder::new(Vec::new());
    for &(path, bytes, mode) in files {
        let mut header = Header::new_ustar();
        header.set_entry_type(EntryType::Regular);
        header.set_mode(mode);
        header.set_size(bytes.len() as u64);
        let added = tar.append_data(&mut header, path, bytes);
        added.expect("memory takes what is written to it");
    }
    tar.into_inner()
        .expect("memory takes what is written to it")
}

/// What Go calls the processor that a static ELF executable is for.
fn architecture(binary: &[u8]) -> Result<&'static str, Unfit> {
    const INTERPRETER: u32 = 3;
    let word = |at: usize| Some(u16::from_le_bytes(binary.get(at..at + 2)?.try_into().ok()?));
    let long = |at: usize| Some(u32::from_le_bytes(binary.get(at..at + 4)?.try_into().ok()?));
    let is_elf = binary.starts_with(b"\x7fELF\x02\x01");
    let place = binary.get(32..40).and_then(|bytes| bytes.try_into().ok());
    let place = place.map(|bytes| u64::from_le_bytes(bytes) as usize);
    let (Some(machine), Some(place), Some(size), Some(count), true) =
        (word(18), place, word(54), word(56), is_elf)
    else {
        return Err(Unfit::NoElf);
    };
    let segment = |n: u16| long(place + usize::from(n) * usize::from(size));
    if (0..count).any(|n| segment(n) == Some(INTERPRETER)) {
        return Err(Unfit::Dynamic);
    }
    match machine {
        62 => Ok("amd64"),
        183 => Ok("arm64"),
        other => Err(Unfit::Machine(other)),
    }
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unfit::NoElf => f.write_str("no 64-bit ELF executable"),
            Unfit::Dynamic => {
                f.write_str("linked dynamically; scripts/workload.sh links it static")
            }
            Unfit::Machine(number) => write!(
                f,
                "for a processor that is not known (ELF machine {number})"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The head of an ELF executable with one segment.
    fn elf(machine: u16, segment: u32) -> Vec<u8> {
        let mut bytes = vec![0; 64 + 56];
        bytes[..6].copy_from_slice(b"\x7fELF\x02\x01");
        bytes[18..20].copy_from_slice(&machine.to_le_bytes());
        bytes[32..40].copy_from_slice(&64_u64.to_le_bytes());
        bytes[54..56].copy_from_slice(&56_u16.to_le_bytes());
        bytes[56..58].copy_from_slice(&1_u16.to_le_bytes());
        bytes[64..68].copy_from_slice(&segment.to_le_bytes());
        bytes
    }

    #[test]
    fn the_same_binary_gives_the_same_bytes_and_another_one_another_name() {
        let image = pack(&elf(62, 1)).expect("a static binary");
        assert_eq!(pack(&elf(62, 1)).as_ref(), Ok(&image));
        let other = pack(&elf(183, 1)).expect("a static binary");
        assert_ne!(other.name, image.name);
        assert_ne!(other.config, image.config);
    }

    #[test]
    fn every_digest_in_the_archive_is_that_of_a_file_in_it() {
        let image = pack(&elf(62, 1)).expect("a static binary");
        let mut tar = tar::Archive::new(&image.archive[..]);
        let mut files = std::collections::BTreeMap::new();
        for entry in tar.entries().expect("an archive") {
            let mut entry = entry.expect("an entry");
            assert_eq!(entry.header().mtime().ok(), Some(0));
            let mut bytes = Vec::new();
            std::io::Read::read_to_end(&mut entry, &mut bytes).expect("its bytes");
            let path = entry.path().expect("its path").display().to_string();
            files.insert(path, bytes);
        }
        for (path, bytes) in &files {
            if let Some(name) = path.strip_prefix("blobs/sha256/") {
                assert_eq!(digest(bytes), format!("sha256:{name}"));
            }
        }
        let json = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).expect("JSON");
        let of = |digest: &Value| {
            let digest = digest.as_str().expect("a digest").replace(':', "/");
            &files[&format!("blobs/{digest}")]
        };
        let index = json(&files["index.json"]);
        assert_eq!(index["manifests"][0]["digest"], image.manifest.as_str());
        let manifest = json(of(&index["manifests"][0]["digest"]));
        assert_eq!(manifest["config"]["digest"], image.config.as_str());
        let layer = &manifest["layers"][0]["digest"];
        assert_eq!(
            json(of(&manifest["config"]["digest"]))["rootfs"]["diff_ids"][0],
            *layer
        );
        let saved = json(&files["manifest.json"]);
        for path in [&saved[0]["Config"], &saved[0]["Layers"][0]] {
            assert!(files.contains_key(path.as_str().expect("a path")), "{path}");
        }
    }

    #[test]
    fn a_binary_that_could_not_run_alone_is_refused() {
        assert_eq!(pack(b"#!/bin/sh"), Err(Unfit::NoElf));
        assert_eq!(pack(&elf(62, 3)), Err(Unfit::Dynamic));
        assert_eq!(pack(&elf(40, 1)), Err(Unfit::Machine(40)));
    }
}
