import FoundationEssentials
import HookgateCore
import Yams

/// A person's decisions for instances: YAML, or JSON, which is YAML too.
///
/// ```yaml
/// hill-street:
///   clinic: c0000000-0000-4000-8000-000000000006
///   accept:
///     display_name: renamed by the clinic in May
/// nobodys-phone:
///   exclude: the number was given up in May
/// ```
struct DecisionsFile {
    let decisions: MigrationDecisions
    /// Where each instance stands in the file, as `file:line:column`.
    let places: [InstanceName: String]

    /// Reads a file from disk.
    init(path: String) throws(ConfigurationError) {
        guard let bytes = FileManager.default.contents(atPath: path) else {
            throw ConfigurationError(
                place: "file \(path)", message: "cannot be read; check its path and that this user may read it")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw ConfigurationError(place: "file \(path)", message: "is not UTF-8 text; save it as UTF-8")
        }
        try self.init(name: path, text: text)
    }

    /// Reads a file's text and reports everything that is wrong with it, not only the first.
    init(name: String, text: String) throws(ConfigurationError) {
        let reader = DecisionNodeReader(file: name)
        var decisions = MigrationDecisions()
        var places: [InstanceName: String] = [:]
        var problems: [ConfigurationError.Problem] = []
        for (key, node) in try reader.instances(of: text) {
            let instance = InstanceName(key.string)
            do throws(ConfigurationError) {
                if let first = places[instance] {
                    throw reader.error(key.mark, "\(key.string) is decided twice, first at \(first); keep one")
                }
                places[instance] = reader.place(key.mark)
                let decision = try reader.decision(node, for: key)
                decisions.clinics[instance] = decision.clinic
                decisions.excluded[instance] = decision.exclusion
                decisions.accepted[instance] = decision.accepted.isEmpty ? nil : decision.accepted
            } catch {
                problems += error.problems
            }
        }
        guard problems.isEmpty else { throw ConfigurationError(problems) }
        self.decisions = decisions
        self.places = places
    }
}
