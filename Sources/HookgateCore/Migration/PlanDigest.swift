import Crypto

/// SHA-256 over a whole plan, one instance after the other: two plans with one digest do the same.
package struct PlanDigest: ~Copyable {
    private var hash = SHA256()

    /// - Parameter scope: part of the plan's meaning: the digest of a part of the fleet holds for that part alone.
    package init(scope: PlanScope = .everything) {
        guard scope != .everything else { return }
        var text = CanonicalText()
        text.add("scope")
        for name in scope.only.sorted() { text.add(name.text) }
        text.add(nil)
        for organization in scope.organizations.sorted() { text.add(organization.text) }
        text.end()
        hash.update(data: text.bytes)
    }

    package mutating func add(_ planned: PlannedInstance) {
        var text = CanonicalText()
        text.add(planned.name.text)
        text.add(planned.action.word)
        text.add(planned.clinic?.clinic.text)
        switch planned.action {
        case .insert(let draft):
            for field in draft.fields {
                text.add(field.name)
                text.add(draft.value(of: field))
            }
            text.add(draft.updatedAt?.text)
            text.add(draft.source)
            text.add(draft.legacyStatus)
        case .update(let row, let changes, _):
            text.add(row.id.text)
            for change in changes {
                text.add(change.field.name)
                text.add(change.before)
                text.add(change.after)
            }
        case .unchanged(let row, _):
            text.add(row.id.text)
        case .ambiguous, .conflict, .noClinic, .excluded:
            text.add(planned.action.obstacle)
        }
        text.end()
        hash.update(data: text.bytes)
    }

    /// The digest so far, in hexadecimal.
    package borrowing func text() -> String {
        let digits = Array("0123456789abcdef")
        return String(hash.finalize().flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 0x0F)]] })
    }
}

/// Fields in a row, each with its length before it, so that no two different plans read alike.
private struct CanonicalText {
    private(set) var bytes: [UInt8] = []

    mutating func add(_ field: String?) {
        guard let field else {
            bytes.append(contentsOf: "-;".utf8)
            return
        }
        bytes.append(contentsOf: String(field.utf8.count).utf8)
        bytes.append(UInt8(ascii: ":"))
        bytes.append(contentsOf: field.utf8)
    }

    mutating func end() {
        bytes.append(UInt8(ascii: "\n"))
    }
}
