import HookgateCore
import HookgateTestSupport
import Migration
import Testing

/// The mark by which `migrate --follow` sees that there is nothing to do.
@Suite(.timeLimit(.minutes(3))) struct InventoryMarkTests {
    @Test func markStaysWhileNothingChangesWhateverHappensElsewhere() async throws {
        try await Fleet.withSchema { fleet in
            try await fleet.addInstances(["one", "two"])
            let mark = try await fleet.service.mark()
            try await fleet.migrate()
            try await fleet.run("UPDATE healthcare.integrations SET display_name = 'Mine'")
            #expect(try await fleet.service.mark() == mark)
        }
    }

    @Test(arguments: [
        "INSERT INTO public.evolution_instances (instance_name) VALUES ('three')",
        "UPDATE public.evolution_instances SET status = 'error' WHERE instance_name = 'one'",
        "UPDATE public.evolution_instances SET status = status WHERE instance_name = 'one'",
        "DELETE FROM public.evolution_instances WHERE instance_name = 'two'",
        "UPDATE healthcare.clinics SET whatsapp_number = '+1' WHERE name = 'Clinic one'",
        "CREATE TABLE healthcare.whatsapp_config AS SELECT id AS clinic_id, 'one' AS instance_name FROM healthcare.clinics",
        "TRUNCATE public.evolution_instances",
    ])
    func everyChangeOfWhatAPlanIsMadeFromChangesTheMark(change: String) async throws {
        try await Fleet.withSchema { fleet in
            try await fleet.addInstances(["one", "two"])
            let mark = try await fleet.service.mark()
            try await fleet.run(change)
            #expect(try await fleet.service.mark() != mark)
        }
    }

    @Test func viewInATablesPlaceIsMarkedByWhatItShows() async throws {
        try await Fleet.withSchema { fleet in
            try await fleet.addInstances(["one", "two"])
            try await fleet.run("ALTER TABLE public.evolution_instances RENAME TO evolution_rows")
            try await fleet.run("CREATE VIEW public.evolution_instances AS SELECT * FROM public.evolution_rows")
            let mark = try await fleet.service.mark()
            #expect(try await fleet.service.mark() == mark)
            try await fleet.run("UPDATE public.evolution_rows SET phone_number = '+1' WHERE instance_name = 'one'")
            #expect(try await fleet.service.mark() != mark)
        }
    }
}
