/// The status words that the doctor lets pass: ours, and those of the old system that the migration understands.
package enum DoctorStatusWords {
    package static let known = [
        "active", "pending", "disconnected", "error", "connected", "connecting", "qr_pending", "pending_qr", "open",
        "close",
    ]
}
