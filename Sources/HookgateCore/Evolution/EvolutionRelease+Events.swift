extension EvolutionRelease {
    /// What a new integration subscribes to: messages in every form that they take, and what tells of the connection.
    /// Only names that the release knows; one that it does not would fail the whole call.
    package var neededEvents: [String] {
        var names = [
            "MESSAGES_UPSERT", "MESSAGES_UPDATE", "MESSAGES_DELETE", "SEND_MESSAGE", "CONNECTION_UPDATE",
            "QRCODE_UPDATED",
        ]
        if dialect != .flatSnake { names.append("MESSAGES_EDITED") }
        if dialect == .nested { names += ["LOGOUT_INSTANCE", "REMOVE_INSTANCE"] }
        if let version, version >= EvolutionVersion(2, 3, 0) { names += ["SEND_MESSAGE_UPDATE", "STATUS_INSTANCE"] }
        return names
    }
}
